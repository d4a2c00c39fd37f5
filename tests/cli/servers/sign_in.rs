//! Servers that are signed in to, with an authorization server beside them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bench::{Answer, Bench};
use crate::service::{Asked, Reply, Service};

/// Tokens as the authorization server issues them, one after the other.
const FIRST: &str = "access-token-one-5d1f";
const SECOND: &str = "access-token-two-77a0";
const WIDE: &str = "access-token-wide-19c3";
const RENEWING: &str = "refresh-token-8e44";
const PASSWORD: &str = "hunter2-and-more";

/// Behaviour of the authorization server.
#[derive(Clone, Copy)]
struct Office {
    /// Seconds that a first token holds.
    holds: u64,
    /// Whether the server takes the first token.
    takes_first: bool,
    /// Whether tokens are renewed.
    renews: bool,
    /// Status with which tokens are taken back; `None` where that is not
    /// offered.
    revokes: Option<&'static str>,
}

const OFFICE: Office = Office {
    holds: 3600,
    takes_first: true,
    renews: true,
    revokes: None,
};

/// A server with its authorization server, on one port.
fn server(office: Office) -> Service {
    Service::start(move |_, asked| {
        let host = asked
            .headers
            .iter()
            .find_map(|it| it.strip_prefix("host: "));
        let base = format!("http://{}", host.unwrap_or_default());
        let path = asked.line.split(' ').nth(1).unwrap_or_default();
        match path.split('?').next().unwrap_or_default() {
            "/.well-known/oauth-protected-resource/mcp" => Reply::fine(
                &json!({
                    "resource": format!("{base}/mcp"),
                    "authorization_servers": [base],
                    "scopes_supported": ["read"],
                })
                .to_string(),
            ),
            "/.well-known/oauth-authorization-server" => {
                let mut document = json!({
                    "issuer": base,
                    "authorization_endpoint": format!("{base}/authorize"),
                    "token_endpoint": format!("{base}/token"),
                    "registration_endpoint": format!("{base}/register"),
                    "response_types_supported": ["code"],
                    "code_challenge_methods_supported": ["S256"],
                    "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
                });
                if office.revokes.is_some() {
                    document["revocation_endpoint"] = json!(format!("{base}/revoke"));
                }
                Reply::fine(&document.to_string())
            }
            "/revoke" => {
                let status = office.revokes.expect("it is offered").to_owned();
                Reply::Whole(status, json!({ "error": "server_error" }).to_string())
            }
            "/register" => {
                let client = json!({ "client_id": "c1", "redirect_uris": [] });
                Reply::Whole("201 Created".to_owned(), client.to_string())
            }
            "/authorize" => {
                let page = url::Url::parse(&format!("{base}{path}")).expect("a URL");
                let get = |key: &str| {
                    let pair = page.query_pairs().find(|(name, _)| name == key);
                    pair.map(|(_, value)| value.into_owned())
                        .unwrap_or_default()
                };
                assert_eq!(get("code_challenge_method"), "S256");
                assert_eq!(get("resource"), format!("{base}/mcp"));
                let (to, state, scope) = (get("redirect_uri"), get("state"), get("scope"));
                let wide = scope.contains("admin");
                let head = format!("302 Found\r\nlocation: {to}?code=code-{wide}&state={state}");
                Reply::Whole(head, String::new())
            }
            "/token" => token(office, asked),
            "/mcp" => mcp(office, &base, asked),
            _ => Reply::Whole("404 Not Found".to_owned(), String::new()),
        }
    })
}

fn token(office: Office, asked: &Asked) -> Reply {
    let has = |pair: &str| asked.body.split('&').any(|it| it == pair);
    let tokens = if has("grant_type=refresh_token") {
        if !office.renews || !has(&format!("refresh_token={RENEWING}")) {
            let refusal = json!({ "error": "invalid_grant" }).to_string();
            return Reply::Whole("400 Bad Request".to_owned(), refusal);
        }
        json!({ "access_token": SECOND, "token_type": "Bearer", "expires_in": 3600 })
    } else if has("grant_type=client_credentials") {
        assert!(has(&format!("client_secret={PASSWORD}")), "{asked:?}");
        json!({ "access_token": SECOND, "token_type": "Bearer" })
    } else {
        assert!(asked.body.contains("code_verifier="), "{asked:?}");
        assert!(asked.body.contains("resource=http"), "{asked:?}");
        let token = if has("code=code-true") { WIDE } else { FIRST };
        json!({
            "access_token": token,
            "refresh_token": RENEWING,
            "token_type": "Bearer",
            "expires_in": office.holds,
        })
    };
    Reply::Whole(
        "200 OK\r\ncontent-type: application/json".to_owned(),
        tokens.to_string(),
    )
}

fn mcp(office: Office, base: &str, asked: &Asked) -> Reply {
    let sent = asked
        .headers
        .iter()
        .find_map(|it| it.strip_prefix("authorization: Bearer "));
    let is_known = match sent {
        Some(FIRST) => office.takes_first,
        Some(SECOND | WIDE) => true,
        _ => false,
    };
    let challenge = |status: &str, more: &str| {
        let document = format!("{base}/.well-known/oauth-protected-resource/mcp");
        let head =
            format!("{status}\r\nwww-authenticate: Bearer resource_metadata=\"{document}\"{more}");
        Reply::Whole(head, String::new())
    };
    if !is_known {
        return challenge("401 Unauthorized", "");
    }
    if !asked.line.starts_with("POST") {
        return Reply::Whole("405 Method Not Allowed".to_owned(), String::new());
    }
    let message: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "far", "version": "1" },
        }),
        "tools/list" => {
            let tools = ["look", "admin"].map(|name| json!({ "name": name, "inputSchema": {} }));
            json!({ "tools": tools })
        }
        "tools/call" => {
            let is_admin = message["params"]["name"] == "admin";
            if is_admin && sent != Some(WIDE) {
                let more = ", error=\"insufficient_scope\", scope=\"admin\"";
                return challenge("403 Forbidden", more);
            }
            let text = format!("seen by {}", sent.unwrap_or_default());
            json!({ "content": [{ "type": "text", "text": text }] })
        }
        "server/discover" => json!({}),
        _ => return Reply::Whole("202 Accepted".to_owned(), String::new()),
    };
    let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
    let head = "200 OK\r\ncontent-type: application/json".to_owned();
    Reply::Whole(head, answer.to_string())
}

/// A folder with a catalogue of the server, and a browser that only notes which
/// page it is to open.
fn bench(service: &Service, more: &str) -> Bench {
    let bench = Bench::new();
    let url = service.url();
    let text = format!("[mcp.far]\nurl = \"{url}/mcp\"\nstartup_timeout = \"40s\"\n{more}");
    bench.file("far.toml", &text);
    bench.file("browser.sh", "echo \"$1\" > page.new && mv page.new page\n");
    bench
}

/// No keyring runs here, whatever there is on the machine of the tests.
const NO_KEYRING: (&str, &str) = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null/none");

fn run(bench: &Bench, words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .chain(["--catalogue", "far.toml"])
        .collect();
    bench.run_with(&[NO_KEYRING, ("SECRET", PASSWORD)], &words)
}

/// Signs in as a person would.
fn login(bench: &Bench, more: &[&str]) -> Answer {
    let _none = fs::remove_file(bench.folder().join("page"));
    let words = ["login", "far", "--catalogue", "far.toml"];
    let words: Vec<&str> = words.iter().chain(more).copied().collect();
    let environment = [NO_KEYRING, ("BROWSER", "/bin/sh browser.sh")];
    let child = bench.start_with(&environment, &words);
    let page = bench.wait_for_line("page");
    let back = visit(&page);
    let back = back
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    let answer = visit(back.expect("a way back"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Answer::of(child.wait_with_output().expect("its end"))
}

fn visit(address: &str) -> String {
    let url = url::Url::parse(address).expect("a URL");
    let place = (url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stream = TcpStream::connect(place).expect("connected");
    let target = url
        .as_str()
        .split_once(&format!(":{}", place.1))
        .expect("a path")
        .1;
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: {}:{}\r\nconnection: close\r\n\r\n",
        place.0, place.1
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = [0; 4096];
    let count = stream.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Fails if a token stands anywhere but in its own file.
fn assert_kept_to_itself(bench: &Bench, answers: &[&Answer]) {
    for token in [FIRST, SECOND, WIDE, RENEWING, PASSWORD] {
        for answer in answers {
            let said = format!("{}{}", answer.stdout, answer.stderr);
            assert!(!said.contains(token), "{said}");
        }
        for file in files(bench.folder()) {
            let is_its_own = file.parent().is_some_and(|it| it.ends_with("sign-ins"));
            let text = fs::read(&file).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            assert!(is_its_own || !text.contains(token), "{}", file.display());
        }
    }
}

#[test]
fn a_server_that_asks_for_a_sign_in_is_used_after_one() {
    let service = server(OFFICE);
    let bench = bench(&service, "");
    let before = run(&bench, &["call", "far.look"]).with_code(3);
    assert!(before.stderr.contains("`fanout login far`"), "{before:?}");
    let signed_in = login(&bench, &[]).with_code(0);
    assert!(
        signed_in.stdout.contains("signed in to far"),
        "{signed_in:?}"
    );
    let words = ["call", "far.look", "--log", "log"];
    let called = run(&bench, &words).with_code(0);
    assert_eq!(called.stdout, "seen by ***\n");
    bench.file("plan.toml", "[[call]]\ntool = \"far.look\"\n");
    let words = ["run", "plan.toml", "--events", "--report", "report.json"];
    let ran = run(&bench, &words).with_code(0);
    let doctor = bench.run_with(&[NO_KEYRING], &["doctor"]).with_code(0);
    let resource = format!("{}/mcp", service.url());
    assert!(doctor.stdout.contains(&resource), "{doctor:?}");
    assert_kept_to_itself(&bench, &[&before, &signed_in, &called, &ran, &doctor]);
    let kept = files(&bench.folder().join("state/fanout/sign-ins"));
    let kept = kept
        .iter()
        .find(|it| it.extension().is_some())
        .expect("a file");
    let mode = fs::metadata(kept).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A server of the same name elsewhere gets nothing.
    let other = server(OFFICE);
    let text = fs::read_to_string(bench.folder().join("far.toml")).expect("a file");
    bench.file("far.toml", &text.replace(&service.url(), &other.url()));
    run(&bench, &["call", "far.look"]).with_code(3);
    assert!(!other.asked().is_empty());
    let has_token = |asked: &Asked| {
        asked
            .headers
            .iter()
            .any(|it| it.starts_with("authorization"))
    };
    assert!(!other.asked().iter().any(has_token));

    bench.file("far.toml", &text);
    run(&bench, &["logout", "far"]).with_code(0);
    run(&bench, &["call", "far.look"]).with_code(3);
    run(&bench, &["logout", "far"]).with_code(3);
}

#[test]
fn a_token_that_ends_or_is_refused_is_renewed_once() {
    for office in [
        Office { holds: 0, ..OFFICE },
        Office {
            takes_first: false,
            ..OFFICE
        },
    ] {
        let service = server(office);
        let bench = bench(&service, "");
        login(&bench, &[]).with_code(0);
        let called = run(&bench, &["call", "far.look"]).with_code(0);
        assert_eq!(called.stdout, "seen by ***\n");
        run(&bench, &["call", "far.look"]).with_code(0);
        let is_renewal = |asked: &&Asked| asked.body.contains("grant_type=refresh_token");
        assert_eq!(service.asked().iter().filter(is_renewal).count(), 1);
        assert_kept_to_itself(&bench, &[&called]);
    }
}

#[test]
fn a_sign_in_that_is_not_renewed_is_told_with_the_command() {
    let office = Office {
        takes_first: false,
        renews: false,
        ..OFFICE
    };
    let service = server(office);
    let bench = bench(&service, "");
    login(&bench, &[]).with_code(3);
    let called = run(&bench, &["call", "far.look"]).with_code(3);
    let told = "your sign-in has ended: `fanout login far`";
    assert!(called.stderr.contains(told), "{called:?}");
}

#[test]
fn a_call_that_needs_more_scopes_says_which_and_is_not_asked_for_ever() {
    let service = server(OFFICE);
    let bench = bench(&service, "");
    login(&bench, &[]).with_code(0);
    let refused = run(&bench, &["call", "far.admin"]).with_code(1);
    let told = "`fanout login far --scope 'read admin'`";
    assert!(refused.stderr.contains(told), "{refused:?}");
    login(&bench, &["--scope", "read admin"]).with_code(0);
    let called = run(&bench, &["call", "far.admin"]).with_code(0);
    assert_kept_to_itself(&bench, &[&refused, &called]);
}

#[test]
fn a_client_with_a_password_needs_nobody() {
    let service = server(OFFICE);
    let oauth = "oauth = { grant = \"client_credentials\", client_id = \"me\", client_secret = \"${SECRET}\" }\n";
    let bench = bench(&service, oauth);
    let called = run(&bench, &["call", "far.look"]).with_code(0);
    assert_eq!(called.stdout, "seen by ***\n");
    assert_kept_to_itself(&bench, &[&called]);
}

#[test]
fn a_sign_out_takes_the_tokens_back_where_that_is_offered_and_says_so() {
    for (revokes, told) in [
        (Some("200 OK"), "and revoked at http://"),
        (None, "offers no revocation: they hold until they end"),
        (
            Some("503 Service Unavailable"),
            "refuses: status 503: server_error",
        ),
    ] {
        let service = server(Office { revokes, ..OFFICE });
        let bench = bench(&service, "");
        login(&bench, &[]).with_code(0);
        let signed_out = run(&bench, &["logout", "far"]).with_code(0);
        assert!(signed_out.stdout.contains(told), "{signed_out:?}");
        let asked = service.asked();
        let revoked = asked.iter().filter(|it| it.line.contains("/revoke"));
        let revoked: Vec<&str> = revoked.map(|it| it.body.as_str()).collect();
        let body = |token: &str, kind: &str| {
            let token = token.replace('-', "%2D");
            let kind = kind.replace('_', "%5F");
            format!("token={token}&token_type_hint={kind}&client_id=c1")
        };
        let all = [body(RENEWING, "refresh_token"), body(FIRST, "access_token")];
        let expected = match revokes {
            Some("200 OK") => all.as_slice(),
            Some(_) => &all[..1],
            None => &[],
        };
        assert_eq!(revoked, expected);
        assert_kept_to_itself(&bench, &[&signed_out]);
        run(&bench, &["call", "far.look"]).with_code(3);
    }
}
