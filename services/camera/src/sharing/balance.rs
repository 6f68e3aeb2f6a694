//! Which camera to ask another copy for: pure.

use std::collections::{BTreeMap, BTreeSet};

use event_bus::Folder;

use super::KnownTurn;

/// How many cameras a copy has.
pub(super) fn counted(turns: &BTreeMap<Folder, KnownTurn>, copy: &str) -> u64 {
    let of_copy = turns.values().filter(|seen| seen.turn.holder == copy);
    of_copy.count() as u64
}

/// A camera that is wanted here, of the copy that has the most, where that has at least two more than we; and how many we have.
pub(super) fn choose(
    turns: &BTreeMap<Folder, KnownTurn>,
    copy: &str,
    wanted: &BTreeSet<Folder>,
) -> Option<(Folder, KnownTurn, u64)> {
    let has = counted(turns, copy);
    let of_others = turns.iter().filter(|(folder, seen)| {
        let holder = &seen.turn.holder;
        !holder.is_empty() && *holder != copy && wanted.contains(*folder)
    });
    let (folder, seen) = of_others.max_by_key(|(_, seen)| counted(turns, &seen.turn.holder))?;
    let theirs = counted(turns, &seen.turn.holder);
    (theirs >= has + 2).then(|| (folder.clone(), seen.clone(), has))
}

#[cfg(test)]
mod tests {
    use event_bus::CameraTurn;

    use super::*;

    fn turns(holders: &[&str]) -> BTreeMap<Folder, KnownTurn> {
        let turns = holders.iter().enumerate().map(|(number, holder)| {
            let seen = KnownTurn {
                turn: CameraTurn {
                    holder: (*holder).to_owned(),
                    ..CameraTurn::default()
                },
                revision: number as u64,
                unset_at: None,
            };
            (folder(number), seen)
        });
        turns.collect()
    }

    fn folder(number: usize) -> Folder {
        format!("c{number}").parse().unwrap()
    }

    #[test]
    fn cameras_are_asked_for_until_each_has_as_many() {
        let mut holders = vec!["a"; 7];
        let wanted: BTreeSet<Folder> = (0..7).map(folder).collect();
        for expected in 0..3 {
            let turns = turns(&holders);
            let (chosen, _, has) = choose(&turns, "b", &wanted).unwrap();
            assert_eq!(has, expected);
            let number = wanted.iter().position(|one| *one == chosen).unwrap();
            holders[number] = "b";
        }
        assert!(choose(&turns(&holders), "b", &wanted).is_none());
        assert!(choose(&turns(&holders), "a", &wanted).is_none());
    }

    #[test]
    fn what_is_not_wanted_here_or_nobodys_is_not_asked_for() {
        let all = turns(&["a", "a", "a", ""]);
        let wanted = BTreeSet::from([folder(1), folder(3)]);
        let (chosen, ..) = choose(&all, "b", &wanted).unwrap();
        assert_eq!(chosen, folder(1));
        assert!(choose(&all, "b", &BTreeSet::from([folder(3)])).is_none());
    }
}
