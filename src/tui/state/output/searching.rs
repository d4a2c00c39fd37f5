//! Searches in the output, and shows only the lines that match.

use super::{MatchCountKey, MatchSearch};
use crate::model::OutputStat;
use crate::output::{Direction, Pattern, Position, SEARCHED_AT_ONCE, SearchProgress};
use crate::tui::state::{OutputForm, Scope, Selection, State, ToastLevel};
use crate::tui::text::figure;

impl State {
    /// Remembers the position in the output, before a pattern is typed. The call
    /// stays selected from now on, whatever starts next.
    pub fn begin_find(&mut self) {
        if let Some(call) = self.selection.call() {
            self.selection = Selection::Chosen(call);
        }
        self.output.find.before = Some((self.output.position, self.output.skipped));
    }

    /// Searches for what has been typed so far, from where the pane stood.
    pub fn find(&mut self, text: &str) {
        self.output.picked = None;
        self.output.find.set(text);
        if let Some((position, skipped)) = self.output.find.before {
            (self.output.position, self.output.skipped) = (position, skipped);
        }
        if self.output.is_filtered() {
            self.follow_output();
            return;
        }
        let index = self.first_output_row().index;
        let first = self.output.page.rows.get(index).map_or(0, |row| row.place);
        if self.output.find.pattern.is_some() {
            self.output.find.search = Some(MatchSearch {
                from: first,
                direction: Direction::Forward,
                has_turned: false,
            });
        }
    }

    /// Gives up what was typed, and goes back to where the pane stood.
    pub fn cancel_find(&mut self) {
        self.output.picked = None;
        let before = self.output.find.before.take();
        self.output.find.clear();
        if let Some((position, skipped)) = before {
            (self.output.position, self.output.skipped) = (position, skipped);
        }
    }

    /// Searches for nothing any more; the pane stays where it is.
    pub fn clear_find(&mut self) {
        if self.output.is_filtered() {
            self.toggle_filter();
        }
        self.output.find.clear();
    }

    /// Goes to the next match, or to the one before.
    pub fn find_next(&mut self, direction: Direction) {
        if self.output.find.pattern.is_none() {
            self.notify(ToastLevel::Info, "nothing is searched for");
            return;
        }
        if self.is_tree_shown() || self.output.is_filtered() {
            let by = if direction == Direction::Forward {
                1
            } else {
                -1
            };
            return self.scroll_output(by);
        }
        let index = self.first_output_row().index;
        let first = self.output.page.rows.get(index).map_or(0, |row| row.place);
        let mut search = MatchSearch {
            from: first,
            direction,
            has_turned: false,
        };
        match (self.output.find.at, direction) {
            (Some(at), Direction::Forward) => search.from = at + 1,
            (Some(0), Direction::Backward) => {
                (search.from, search.has_turned) = (u64::MAX, true);
            }
            (Some(at), Direction::Backward) => search.from = at - 1,
            (None, _) => {}
        }
        self.output.find.search = Some(search);
    }

    /// Shows only the lines that match, or all.
    pub fn toggle_filter(&mut self) {
        if self.output.scope != Scope::Call || self.is_tree_shown() {
            self.notify(ToastLevel::Info, "only the lines of one call are filtered");
            return;
        }
        // The line that was found last, or the first on the screen, stays.
        let index = self.first_output_row().index;
        let row = self.output.page.rows.get(index);
        let number = row.and_then(|row| row.line()).map(|line| line.number);
        let match_count = self.output.find.match_count();
        self.output.find.is_filter = !self.output.find.is_filter;
        self.output.picked = None;
        self.output.skipped = 0;
        self.output.position = match (self.output.find.is_filter, self.output.find.at, number) {
            (true, Some(at), _) if match_count.at == Some(at) => Position::Line(match_count.before),
            (false, _, Some(number)) => Position::Line(number),
            (true, ..) | (false, _, None) => Position::Tail,
        };
    }

    /// Whose matches are counted, where that is one call's.
    pub fn match_count_key(&self) -> Option<MatchCountKey> {
        self.output.find.pattern.as_ref()?;
        let is_lines = self.output.scope == Scope::Call && self.output.form != OutputForm::Tree;
        let row = self.selected().filter(|_| is_lines)?;
        // Of several attempts the lines of the last are filtered, none counted.
        if self.is_split(row) {
            return None;
        }
        Some(MatchCountKey {
            call: row.id,
            streams: self.output.streams,
            revision: self.output.find.revision,
        })
    }

    /// Whose matches have to be counted on.
    pub fn wanted_match_count(&self) -> Option<MatchCountKey> {
        let of = self.match_count_key()?;
        let generation = self.selected()?.output.generation;
        let at = self.output.find.at;
        let is_done = self
            .output
            .find
            .match_count
            .is_some_and(|(known, match_count)| {
                known == of
                    && match_count.is_whole
                    && match_count.generation == generation
                    && match_count.at == at
            });
        (!is_done).then_some(of)
    }

    pub(super) fn set_search_progress(&mut self, search: MatchSearch, found: SearchProgress) {
        if self.output.find.search != Some(search) {
            return;
        }
        match found {
            SearchProgress::At(place) => {
                self.output.find.search = None;
                self.output.find.at = Some(place);
                self.show_place(place);
                if search.has_turned {
                    self.notify(
                        ToastLevel::Info,
                        match search.direction {
                            Direction::Forward => "the search wrapped to the top",
                            Direction::Backward => "the search wrapped to the bottom",
                        },
                    );
                }
            }
            SearchProgress::NotYet { from } => {
                self.output.find.search = Some(MatchSearch { from, ..search });
            }
            SearchProgress::Nothing if search.has_turned => {
                self.output.find.search = None;
                self.output.find.at = None;
                self.notify(ToastLevel::Info, self.nothing_found());
            }
            SearchProgress::Nothing => {
                let from = match search.direction {
                    Direction::Forward => 0,
                    Direction::Backward => u64::MAX,
                };
                self.output.find.search = Some(MatchSearch {
                    from,
                    has_turned: true,
                    ..search
                });
            }
        }
    }

    /// Says that no line matches, and what was not searched.
    fn nothing_found(&self) -> &'static str {
        let is_of_call = self.output.scope == Scope::Call;
        let one = self.selected().filter(|_| is_of_call);
        let all = self.run.calls.iter().filter(|_| !is_of_call);
        let searched = || {
            all.clone()
                .map(|row| &row.output)
                .chain(one.map(|row| &row.output))
        };
        let pattern = self.output.find.pattern();
        let is_long = |it: &OutputStat| it.stdout_bytes.max(it.stderr_bytes) > SEARCHED_AT_ONCE;
        if searched().any(|it| it.dropped_bytes > 0) {
            "no line matches in what is kept of the output"
        } else if pattern.is_some_and(Pattern::is_open_ended) && searched().any(is_long) {
            "no line matches; in lines of more than 16 MiB, no match of more than 1 MiB is found"
        } else {
            "no line matches"
        }
    }

    /// How many lines match, and which of them was found last.
    pub fn find_figures(&self) -> Option<crate::tui::text::Piece<'static>> {
        let of = self.match_count_key()?;
        let (_, match_count) = self
            .output
            .find
            .match_count
            .filter(|(known, _)| *known == of)?;
        let total = figure::count(match_count.total as usize);
        let total = match (match_count.is_full, match_count.is_whole) {
            (true, _) => total.then("+"),
            (false, true) => total,
            (false, false) => total.then("…"),
        };
        let at = self.output.find.at.filter(|at| match_count.at == Some(*at));
        Some(match at {
            Some(_) => figure::count(match_count.before as usize + 1)
                .then("/")
                .then(total),
            None => total,
        })
    }
}
