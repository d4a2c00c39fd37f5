//! The smallest set of calls that still shows something.

use crate::model::CallId;

/// Makes `set` smaller as long as `shows` says that what is left still shows
/// it (delta debugging: A. Zeller and R. Hildebrandt, 2002, algorithm ddmin).
/// At the end no single part of it can be left out.
///
/// # Errors
///
/// The error of `shows`; `set` then is the smallest so far.
pub(super) fn reduce<E>(
    set: &mut Vec<CallId>,
    mut shows: impl FnMut(&[CallId]) -> Result<bool, E>,
) -> Result<(), E> {
    let mut parts = 2;
    while set.len() >= 2 {
        let size = set.len().div_ceil(parts);
        let chunks: Vec<Vec<CallId>> = set.chunks(size).map(<[CallId]>::to_vec).collect();
        if let Some(chunk) = first(&chunks, &mut shows)? {
            *set = chunk;
            parts = 2;
            continue;
        }
        let without = |left_out: usize| -> Vec<CallId> {
            let kept = chunks.iter().enumerate().filter(|(at, _)| *at != left_out);
            kept.flat_map(|(_, chunk)| chunk.iter().copied()).collect()
        };
        // Of two parts each is what the other leaves.
        let complements: Vec<Vec<CallId>> = if chunks.len() > 2 {
            (0..chunks.len()).map(without).collect()
        } else {
            Vec::new()
        };
        if let Some(complement) = first(&complements, &mut shows)? {
            *set = complement;
            parts = (parts - 1).max(2);
        } else if parts >= set.len() {
            break;
        } else {
            parts = (parts * 2).min(set.len());
        }
    }
    Ok(())
}

fn first<E>(
    sets: &[Vec<CallId>],
    shows: &mut impl FnMut(&[CallId]) -> Result<bool, E>,
) -> Result<Option<Vec<CallId>>, E> {
    for set in sets {
        if shows(set)? {
            return Ok(Some(set.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn reduced(count: usize, needed: &[usize]) -> (Vec<usize>, usize) {
        let mut set: Vec<CallId> = (0..count).map(CallId::from_index).collect();
        let mut tries = 0;
        let shows = |set: &[CallId]| -> Result<bool, Infallible> {
            tries += 1;
            Ok(needed
                .iter()
                .all(|it| set.contains(&CallId::from_index(*it))))
        };
        let Ok(()) = reduce(&mut set, shows);
        (set.into_iter().map(CallId::index).collect(), tries)
    }

    #[test]
    fn two_of_many_are_found_wherever_they_stand() {
        for pair in [[0, 1], [0, 31], [7, 8], [15, 16]] {
            let (set, tries) = reduced(32, &pair);
            assert_eq!(set, pair);
            assert!(tries < 80, "{tries}");
        }
        assert_eq!(reduced(9, &[0, 4, 8]).0, [0, 4, 8]);
        assert_eq!(reduced(2, &[0, 1]).0, [0, 1]);
    }
}
