//! The user's part in conversations with servers, as far as it is given before
//! they begin: answers to their questions, and the program for a model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::catalogue::{Catalogue, Problem, Problems};

/// Most bytes of a file of answers.
const MAX_FILE: u64 = 1 << 20;

/// The user's part in conversations with servers.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenAnswers {
    file: PathBuf,
    /// Values for forms, by the server's name.
    forms: BTreeMap<String, Map<String, Value>>,
    /// Program and arguments that answer for a model.
    sampling: Option<Vec<String>>,
}

impl GivenAnswers {
    /// Reads a file of answers: `{"SERVER": {"FIELD": value}}`.
    pub(crate) fn read(
        file: Option<&Path>,
        sampling: Option<Vec<String>>,
    ) -> Result<Self, Problems> {
        let Some(path) = file else {
            return Ok(Self {
                sampling,
                ..Self::default()
            });
        };
        let text = std::fs::metadata(path).and_then(|it| match it.len() {
            0..=MAX_FILE => std::fs::read_to_string(path),
            _ => Err(std::io::ErrorKind::FileTooLarge.into()),
        });
        let text = text.map_err(|error| one(path, &format!("cannot be read: {error}")))?;
        let forms = serde_json::from_str(&text).map_err(|error| {
            let wanted = "answers are `{\"SERVER\": {\"FIELD\": value}}`";
            one(path, &format!("{error}; {wanted}"))
        })?;
        Ok(Self {
            file: path.to_owned(),
            forms,
            sampling,
        })
    }

    /// Returns a catalogue whose servers get these answers. Without roots of
    /// their own they are told of the folder `root`.
    pub(crate) fn given_to(
        &self,
        catalogue: Catalogue,
        root: Option<&Path>,
    ) -> Result<Catalogue, Problems> {
        let mut problems = Problems::default();
        for name in self.forms.keys() {
            let names = || catalogue.servers().map(|it| it.name.as_str());
            if !names().any(|it| it == name) {
                let known: Vec<&str> = names().collect();
                let known = match known.as_slice() {
                    [] => "there is none".to_owned(),
                    known => format!("there are {}", known.join(", ")),
                };
                let text = format!("answers for {name:?}, which is no server; {known}");
                problems.push(Problem::of_file(&self.file.display().to_string(), text));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let root = root.and_then(|root| std::path::absolute(root).ok());
        Ok(catalogue.with_client(|server, client| {
            client.answers = self.forms.get(server.name.as_str()).cloned();
            client.sampling.clone_from(&self.sampling);
            if client.roots.is_empty() {
                client.roots.extend(root.clone());
            }
        }))
    }
}

fn one(path: &Path, message: &str) -> Problems {
    let file = path.display().to_string();
    Problems::new(vec![Problem::of_file(&file, message)], 0)
}
