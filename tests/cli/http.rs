//! Tools that are reached by HTTP.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, PATIENCE};
use crate::service::{Reply, Service};

const SECRET: &str = "hunter2-and-more";

/// Places a catalogue of one tool, `web`.
fn place(bench: &Bench, http: &str, more: &str) {
    let text = format!("[[tool]]\nname = \"web\"\n{more}\n[tool.http]\n{http}\n");
    bench.file("tools.toml", &text);
}

fn call(bench: &Bench, args: &[&str]) -> Answer {
    let words = ["call", "web", "--catalogue", "tools.toml"];
    let words: Vec<&str> = words.iter().chain(args).copied().collect();
    bench.run_with(&[("TOKEN", SECRET)], &words)
}

/// Runs a plan of calls of `web`; gives the answer and the report.
fn run(bench: &Bench, plan: &str, words: &[&str]) -> (Answer, Value) {
    bench.file("plan.toml", plan);
    let fixed = ["run", "plan.toml", "--catalogue", "tools.toml"];
    let report = ["--report", "report.json"];
    let words: Vec<&str> = fixed.iter().chain(&report).chain(words).copied().collect();
    let answer = bench.run_with(&[("TOKEN", SECRET)], &words);
    let report = std::fs::read_to_string(bench.folder().join("report.json"));
    let report = serde_json::from_str(&report.expect("a report")).expect("JSON");
    (answer, report)
}

#[test]
fn arguments_are_encoded_and_secrets_are_sent_and_masked() {
    let service = Service::start(|_, asked| {
        // As careless as a service can be: it repeats everything.
        let headers = asked.headers.join(" ");
        Reply::fine(&json!({"line": asked.line, "headers": headers}).to_string())
    });
    let bench = Bench::new();
    let url = service.url();
    let http = format!(
        "url = \"{url}/items/{{{{id}}}}?q={{{{q}}}}&page={{{{page}}}}&key=${{TOKEN}}\"\n\
         headers = {{ Authorization = \"Bearer ${{TOKEN}}\", X-Id = \"{{{{id}}}}\" }}"
    );
    place(&bench, &http, "output = \"json\"");
    let answer = call(&bench, &["id=a/../b", "q=x&y=z #"]).with_code(0);
    let asked = &service.asked()[0];
    let line = format!("GET /items/a%2F..%2Fb?q=x%26y%3Dz%20%23&key={SECRET} HTTP/1.1");
    assert_eq!(asked.line, line);
    assert!(asked.has(&format!("authorization: Bearer {SECRET}")));
    assert!(asked.has("x-id: a/../b"));
    assert!(answer.stdout.contains("&key=*** HTTP"), "{answer:#?}");
    assert!(answer.stdout.contains("Bearer ***"), "{answer:#?}");

    let plan = "[[call]]\ntool = \"web\"\nargs = { id = \"1\", q = \"2\" }\n";
    let (events, report) = run(&bench, plan, &["--events"]);
    assert_eq!(report["calls"][0]["outcome"], "succeeded");
    assert_eq!(report["calls"][0]["cpu_ms"], Value::Null);
    for text in [&events.stdout, &events.stderr, &report.to_string()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn bodies_are_sent_as_json_with_their_types() {
    let service = Service::start(|_, asked| Reply::fine(&asked.body));
    let bench = Bench::new();
    let http = format!(
        "method = \"POST\"\nurl = \"{}/\"\nbody = {{ text = \"{{{{t}}}}\", n = \"{{{{n}}}}\" }}",
        service.url()
    );
    place(&bench, &http, "");
    let answer = call(&bench, &["--args", r#"{"t": "a\"b", "n": [1, null]}"#]).with_code(0);
    let sent: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(sent, json!({"text": "a\"b", "n": [1, null]}));
    assert!(service.asked()[0].has("content-type: application/json"));
}

#[test]
fn a_status_that_is_no_success_is_a_failure_with_its_body() {
    let service =
        Service::start(|_, _| Reply::Whole("404 Not Found".to_owned(), "gone".to_owned()));
    let bench = Bench::new();
    place(&bench, &format!("url = \"{}/x\"", service.url()), "");
    let answer = call(&bench, &[]).with_code(1);
    assert_eq!(answer.stdout, "gone");
    let told = "failed: status 404 Not Found";
    assert!(answer.stderr.contains(told), "{answer:#?}");
    // Nobody is there any more.
    drop(service);
    let answer = call(&bench, &[]).with_code(1);
    let told = "failed: transport: no connection to 127.0.0.1";
    assert!(answer.stderr.contains(told), "{answer:#?}");
}

#[test]
fn a_pause_that_is_asked_for_holds_back_every_call_of_the_tool() {
    let service = Service::start(|before, _| match before {
        0 => Reply::Whole(
            "429 Too Many Requests\r\nretry-after: 1".to_owned(),
            String::new(),
        ),
        _ => Reply::fine("done"),
    });
    let bench = Bench::new();
    let http = format!("method = \"POST\"\nurl = \"{}/{{{{n}}}}\"", service.url());
    place(&bench, &http, "");
    let plan = "cap = 1\n\
        [[call]]\nid = \"first\"\ntool = \"web\"\nargs = { n = 1 }\nretries = 1\n\
        [[call]]\nid = \"second\"\ntool = \"web\"\nargs = { n = 2 }\n";
    let (answer, report) = run(&bench, plan, &["--plain"]);
    let answer = answer.with_code(0);
    let asked = service.asked();
    assert_eq!(asked.len(), 3, "{answer:#?}");
    for later in &asked[1..] {
        let pause = later.at.duration_since(asked[0].at);
        assert!(pause >= Duration::from_millis(990), "{pause:?}");
    }
    let attempts = report["calls"][0]["attempts"].as_array();
    assert_eq!(attempts.map(Vec::len), Some(2), "{report:#}");
}

#[test]
fn redirects_stay_with_the_service() {
    let other = Service::start(|_, _| Reply::fine("stolen"));
    let elsewhere = format!("302 Found\r\nlocation: {}/?t={SECRET}", other.url());
    let service = Service::start(move |_, asked| match asked.line.as_str() {
        "GET /here HTTP/1.1" => {
            Reply::Whole("302 Found\r\nlocation: /there".to_owned(), String::new())
        }
        "GET /there HTTP/1.1" => Reply::fine("arrived"),
        "GET /round HTTP/1.1" => {
            Reply::Whole("302 Found\r\nlocation: /round".to_owned(), String::new())
        }
        _ => Reply::Whole(elsewhere.clone(), String::new()),
    });
    let bench = Bench::new();
    let http = format!(
        "url = \"{}/{{{{x}}}}\"\nheaders = {{ X-Key = \"${{TOKEN}}\" }}",
        service.url()
    );
    place(&bench, &http, "");
    assert_eq!(call(&bench, &["x=here"]).with_code(0).stdout, "arrived");
    let round = call(&bench, &["x=round"]).with_code(1);
    assert!(
        round.stderr.contains("redirected more than 5 times"),
        "{round:#?}"
    );
    assert_eq!(service.asked().len(), 2 + 6);
    let away = call(&bench, &["x=away"]).with_code(1);
    assert!(away.stderr.contains("another service"), "{away:#?}");
    assert!(away.stderr.contains("/?t=***"), "{away:#?}");
    assert!(other.asked().is_empty());
}

#[test]
fn an_answer_that_is_too_long_is_not_read() {
    let service = Service::start(|_, _| {
        let head = format!("200 OK\r\ncontent-length: {}", 1_u64 << 40);
        Reply::Whole(head, "begins".to_owned())
    });
    let bench = Bench::new();
    place(&bench, &format!("url = \"{}\"", service.url()), "");
    let answer = call(&bench, &[]).with_code(1);
    assert!(answer.stderr.contains("longer than 256 MiB"), "{answer:#?}");
}

#[test]
fn a_service_that_says_nothing_runs_into_the_timeouts() {
    let service = Service::start(|_, _| Reply::Silence);
    let bench = Bench::new();
    let http = format!("url = \"{}\"", service.url());
    for (key, told) in [
        ("timeout", "ran longer than"),
        ("idle_timeout", "printed nothing"),
    ] {
        place(&bench, &http, &format!("{key} = \"300ms\""));
        let (answer, report) = run(&bench, "[[call]]\ntool = \"web\"\n", &["--plain"]);
        answer.with_code(1);
        let call = &report["calls"][0];
        assert_eq!(call["outcome"], "timed-out", "{told}: {call:#}");
    }
}

#[test]
fn a_service_that_does_not_finish_its_answer_is_told_as_what_it_sent() {
    let service = Service::start(|_, asked| {
        let path = asked.line.split(' ').nth(1).unwrap_or_default();
        match path {
            "/half" => Reply::Begun("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".to_owned()),
            "/bare" => Reply::Begun("HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\n".to_owned()),
            "/headless" => Reply::Begun("HTTP/1.1 200 OK\r\nx-a: b\r\n".to_owned()),
            "/interim" => Reply::Endless("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
            _ => Reply::Silence,
        }
    });
    let bench = Bench::new();
    let url = format!("url = \"{}/{{{{p}}}}\"", service.url());
    place(&bench, &url, "timeout = \"500ms\"");
    let paths = [
        (
            "half",
            "status 200 and 3 bytes of the body came, and not its end",
        ),
        (
            "bare",
            "status 500 and headers came, and nothing of the body",
        ),
        ("headless", "neither a status nor whole headers came"),
        ("interim", "neither a status nor whole headers came"),
        ("mute", "neither a status nor whole headers came"),
    ];
    let plan = paths.map(|(path, _)| {
        format!("[[call]]\nid = \"{path}\"\ntool = \"web\"\nargs = {{ p = \"{path}\" }}\n")
    });
    let begun = Instant::now();
    let (answer, report) = run(&bench, &plan.concat(), &["--plain"]);
    answer.with_code(1);
    // The end waits for no answer without end.
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    for (at, (path, told)) in paths.iter().enumerate() {
        let call = &report["calls"][at];
        assert_eq!(call["outcome"], "timed-out", "{path}: {call:#}");
        let reason = call["reason"].as_str().expect("a reason");
        assert!(
            reason.starts_with("ran longer than 500ms; "),
            "{path}: {reason}"
        );
        assert!(reason.contains(told), "{path}: {reason}");
    }
}

#[test]
fn a_cancel_is_honest_about_what_the_service_may_still_do() {
    let service = Service::start(|_, _| Reply::Silence);
    let bench = Bench::new();
    let url = service.url();
    let tool = |name, method| {
        format!(
            "[[tool]]\nname = \"{name}\"\nhttp = {{ method = \"{method}\", url = \"{url}\" }}\n"
        )
    };
    let tools = [tool("get", "GET"), tool("post", "POST")].concat();
    bench.file("tools.toml", &tools);
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"get\"\n[[call]]\ntool = \"post\"\n",
    );
    let words = [
        "run",
        "plan.toml",
        "--catalogue",
        "tools.toml",
        "--plain",
        "--report",
        "r.json",
    ];
    let child = bench.start(&words);
    service.wait_for(2);
    kill_process(Pid::from_child(&child), Signal::INT).expect("it lives");
    let answer = Answer::of(child.wait_with_output().expect("it ends"));
    answer.with_code(130);
    let report = std::fs::read_to_string(bench.folder().join("r.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let calls = &report["calls"];
    assert_eq!(calls[0]["outcome"], "cancelled", "{report:#}");
    assert_eq!(calls[1]["outcome"], "unconfirmed", "{report:#}");
    let reason = calls[1]["reason"].as_str().expect("a reason");
    assert!(reason.contains("is not known"), "{reason}");
}

#[test]
fn what_would_change_a_request_is_refused_before_one_is_made() {
    let service = Service::start(|_, _| Reply::fine(""));
    let bench = Bench::new();
    let http = format!(
        "url = \"{}/users/{{{{u}}}}/posts\"\nheaders = {{ X-A = \"{{{{a}}}}\", X-B = \"${{NOT_SET}}\" }}",
        service.url()
    );
    place(&bench, &http, "");
    for (args, told) in [
        (["u=..", "a=1"], "leads to another place"),
        (["u=", "a=1"], "leads to another place"),
        (["u=1", "a=x\r\nEvil: 1"], "control character"),
        (["u=1", "a=1"], "the variable `NOT_SET` is not set"),
    ] {
        let answer = call(&bench, &args).with_code(1);
        assert!(answer.stderr.contains(told), "{told}: {answer:#?}");
    }
    assert!(service.asked().is_empty());
}
