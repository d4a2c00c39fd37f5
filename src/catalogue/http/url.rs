//! The URL of a request, split at its delimiters, so that a value can never add
//! one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::parts::{Part, TemplateError, parts};
use crate::model;

/// Every character but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes a value for a path, a query or a form.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// A URL with placeholders.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UrlTemplate<'t> {
    /// Scheme and host, and the port if one is given.
    pub(super) origin: &'t str,
    /// Segments of the path.
    pub(super) segments: Vec<Vec<Part<'t>>>,
    /// Pairs of the query.
    pub(super) pairs: Vec<Vec<Part<'t>>>,
}

/// Reason a text is not the URL of a tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// A placeholder or a variable that is malformed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Another scheme than http or https.
    #[error("a URL begins with https:// or http://")]
    Scheme,
    /// The scheme or the host depends on an argument or a variable.
    #[error("scheme and host must not depend on arguments or variables")]
    OpenHost,
    /// A user name or a password.
    #[error("a name or a password cannot stand in a URL: send a header")]
    Password,
    /// A fragment.
    #[error("what follows a `#` is never sent")]
    Fragment,
    /// Text that does not parse as a URL.
    #[error("it is no URL: {0}")]
    Malformed(#[from] url::ParseError),
}

impl<'t> UrlTemplate<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, UrlProblem> {
        let parts = parts(text)?;
        let mut parts = parts.into_iter();
        let Some(Part::Text(first)) = parts.next() else {
            return Err(UrlProblem::Scheme);
        };
        let after = ["https://", "http://"]
            .into_iter()
            .find_map(|scheme| first.strip_prefix(scheme))
            .ok_or(UrlProblem::Scheme)?;
        let end = after.find(['/', '?', '#', '\\']);
        if end.is_none() && parts.len() > 0 {
            return Err(UrlProblem::OpenHost);
        }
        let rest = end.and_then(|end| after.get(end..)).unwrap_or_default();
        let origin = first.strip_suffix(rest).unwrap_or(first);
        let url = Url::parse(origin)?;
        if !url.username().is_empty() || url.password().is_some() || origin.contains('@') {
            return Err(UrlProblem::Password);
        }
        let mut template = Self {
            origin,
            segments: Vec::new(),
            pairs: Vec::new(),
        };
        for part in std::iter::once(Part::Text(rest)).chain(parts) {
            match part {
                Part::Text(text) => template.push_text(text)?,
                hole => template.push(hole),
            }
        }
        Ok(template)
    }

    fn push(&mut self, part: Part<'t>) {
        let last = match self.pairs.last_mut() {
            Some(pair) => Some(pair),
            None => self.segments.last_mut(),
        };
        match last {
            Some(last) => last.push(part),
            None => self.segments.push(vec![part]),
        }
    }

    fn push_text(&mut self, text: &'t str) -> Result<(), UrlProblem> {
        let mut rest = text;
        while let Some(at) = rest.find(['/', '?', '&', '#', '\\']) {
            let (before, after) = rest.split_at(at);
            if !before.is_empty() {
                self.push(Part::Text(before));
            }
            let (sign, after) = after.split_at(1);
            match (sign, self.pairs.is_empty()) {
                ("#", _) => return Err(UrlProblem::Fragment),
                ("/" | "\\", true) => self.segments.push(Vec::new()),
                ("?", true) | ("&", false) => self.pairs.push(Vec::new()),
                _ => self.push(Part::Text(sign)),
            }
            rest = after;
        }
        if !rest.is_empty() {
            self.push(Part::Text(rest));
        }
        Ok(())
    }

    /// Whether nobody on the way can read the request: it is encrypted, or does
    /// not leave the machine.
    pub(super) fn is_private(&self) -> bool {
        is_private(self.origin)
    }
}

/// Whether a request to a URL is encrypted, or does not leave the machine.
pub(in crate::catalogue) fn is_private(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| model::is_private(url.scheme(), url.host_str()))
}

#[cfg(test)]
mod tests {
    use super::Part::{Argument, Text};
    use super::*;

    #[test]
    fn a_url_is_cut_where_it_means_something() {
        let url = UrlTemplate::parse("https://a.b:8/x/{{y}}-z?q={{q}}&r=/?").expect("a URL");
        assert_eq!(url.origin, "https://a.b:8");
        assert_eq!(
            url.segments,
            [vec![Text("x")], vec![Argument("y"), Text("-z")]]
        );
        assert_eq!(
            url.pairs,
            [
                vec![Text("q="), Argument("q")],
                vec![Text("r="), Text("/"), Text("?")]
            ]
        );
        let bare = UrlTemplate::parse("http://localhost").expect("a URL");
        assert!(bare.segments.is_empty() && bare.is_private());
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for (text, problem) in [
            ("ftp://a", UrlProblem::Scheme),
            ("{{u}}", UrlProblem::Scheme),
            ("https://{{h}}/x", UrlProblem::OpenHost),
            ("https://a{{h}}/x", UrlProblem::OpenHost),
            ("https://${H}", UrlProblem::OpenHost),
            ("https://u:p@a/", UrlProblem::Password),
            ("https://a/#x", UrlProblem::Fragment),
        ] {
            assert_eq!(UrlTemplate::parse(text), Err(problem), "{text}");
        }
        UrlTemplate::parse("https:///x").expect_err("no host");
    }

    #[test]
    fn only_this_machine_is_private_without_encryption() {
        let is_private = |text| UrlTemplate::parse(text).expect("a URL").is_private();
        for text in ["https://a", "http://127.1.2.3/", "http://[::1]:8/"] {
            assert!(is_private(text), "{text}");
        }
        for text in ["http://a", "http://localhost.a", "http://10.0.0.1"] {
            assert!(!is_private(text), "{text}");
        }
    }
}
