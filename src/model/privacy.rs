//! Requests that nobody on the way can read.

use std::net::IpAddr;

/// Whether a host, as it stands in a URL, is this machine. Names below
/// `localhost` are never looked up elsewhere (RFC 6761).
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether a request is encrypted, or does not leave the machine.
pub fn is_private(scheme: &str, host: Option<&str>) -> bool {
    match scheme {
        "https" => true,
        "http" => host.is_some_and(is_loopback),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine_are_known_in_every_form() {
        for host in [
            "localhost",
            "LocalHost",
            "a.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
            assert!(is_private("http", Some(host)), "{host}");
            assert!(!is_private("ftp", Some(host)), "{host}");
        }
        for host in [
            "localhost.example",
            "10.0.0.1",
            "[::2]",
            "example",
            "128.0.0.1",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
            assert!(!is_private("http", Some(host)), "{host}");
            assert!(is_private("https", Some(host)), "{host}");
        }
        assert!(!is_private("http", None));
    }
}
