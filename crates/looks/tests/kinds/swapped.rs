//! Whose view a frame shows: every harmless frame pretends to come from other cameras.

use std::collections::HashMap;

use comparison::{Areas, Depth, Look, view};

use crate::corpus;

/// For how many other cameras each frame pretends to be theirs.
const PRETENCES: usize = 3;

#[derive(Debug, Default)]
struct Count {
    right: usize,
    wrong: usize,
    missed: usize,
    /// How many frames were said to show another view, though their own was not among the others.
    invented: usize,
    of_unknown: usize,
}

#[test]
fn the_view_of_another_camera_is_named_and_none_is_invented() {
    let Some(mut site) = crate::site() else {
        return;
    };
    let pairs: Vec<_> = corpus::pairs(&site.rows)
        .into_iter()
        .filter(|(_, frame)| frame.role == "benign")
        .map(|(reference, frame)| {
            (
                frame.scene.clone(),
                reference.path.clone(),
                frame.path.clone(),
            )
        })
        .collect();
    let mut references: HashMap<String, Look> = HashMap::new();
    for (scene, reference, _) in &pairs {
        references
            .entry(scene.clone())
            .or_insert_with(|| site.look_of(reference));
    }
    let mut scenes: Vec<&String> = references.keys().collect();
    scenes.sort();
    let mut count = Count::default();
    for (number, (scene, _, frame)) in pairs.iter().enumerate() {
        let look = site.look_of(frame);
        let own = scenes.iter().position(|it| *it == scene).unwrap();
        for pretence in 0..PRETENCES {
            let step = 1 + (number + pretence * scenes.len() / PRETENCES) % (scenes.len() - 1);
            let pretended = scenes[(own + step) % scenes.len()];
            let others = |but: &[&String]| -> Vec<&String> {
                let others = scenes.iter().filter(|it| !but.contains(it));
                others.copied().collect()
            };
            let found = |others: &[&String]| {
                let looks = others.iter().map(|scene| &references[*scene]);
                elsewhere(&references[pretended], &look, looks).map(|at| others[at].clone())
            };
            match found(&others(&[pretended])) {
                Some(named) if named == *scene => count.right += 1,
                None => count.missed += 1,
                Some(named) => {
                    println!("{} of {scene} is called {named}", frame.display());
                    count.wrong += 1;
                }
            }
            count.of_unknown += 1;
            if let Some(named) = found(&others(&[pretended, scene])) {
                println!(
                    "{} of {scene}, which is unknown, is called {named}",
                    frame.display()
                );
                count.invented += 1;
            }
        }
    }
    println!("{count:?}");
    let all = count.right + count.wrong + count.missed;
    assert!(count.right * 100 >= all * 90, "{count:?}");
    assert!(count.wrong + count.invented <= all / 100, "{count:?}");
}

/// Which of the others a frame shows that is held against a reference.
fn elsewhere<'a>(
    reference: &Look,
    frame: &Look,
    others: impl Iterator<Item = &'a Look>,
) -> Option<usize> {
    let aspect = frame.fingerprint.height as f32 / frame.fingerprint.width as f32;
    let view = |look: &'a Look| look.view.as_deref().unwrap();
    let (reference, frame) = (reference.view.as_ref()?, frame.view.as_ref()?);
    let measures = view::measures(
        (reference, &[]),
        frame,
        aspect,
        Depth::Shifts,
        &Areas::default(),
    )?;
    view::elsewhere(&measures, frame, others.map(view)).map(|found| found.at)
}
