//! Making normal pictures of proposals: by what people say, and by itself where the folder's rule says `learn: auto`.

use std::{sync::Arc, time::Duration};

use event_bus::Folder;
use proto::{EffectiveRule, Learn, v1::Upload};
use tokio::time::sleep;

use crate::{
    access::By,
    app::App,
    folder_writer::unknown_proposal,
    problem::{Kind, Pictures, Problem, Refused},
};

/// How often to look whether there is something to learn.
const INTERVAL: Duration = Duration::from_secs(3);

/// Accepts a proposal.
pub(crate) async fn accept(
    app: &App,
    folder: &Folder,
    id: &str,
    by: By,
) -> Result<Upload, Problem> {
    app.folders.check_room_for_normal(folder)?;
    let picture = app.broker.proposal(folder, id).await?;
    let picture = picture.ok_or_else(|| unknown_proposal(folder, id))?;
    let inspected = app.inspection.inspect(picture).await?;
    app.folders.accept_proposal(folder, id, inspected, by).await
}

/// Accepts all proposals of a folder; says which were not, and why. A problem that the others would have as well ends it.
pub(super) async fn accept_all(app: &App, folder: &Folder, by: &By) -> Result<Pictures, Problem> {
    let mut pictures = Pictures {
        images: Vec::new(),
        refused: Vec::new(),
    };
    for id in app.proposed(folder) {
        match accept(app, folder, &id, by.clone()).await {
            Ok(upload) => pictures.images.push(upload),
            Err(problem) if problem.ends_request() && pictures.images.is_empty() => {
                return Err(problem);
            }
            Err(problem) => pictures.refused.push(Refused { name: id, problem }),
        }
    }
    Ok(pictures)
}

/// Accepts proposals of folders whose rule says so, until shutdown.
pub(crate) async fn keep_learning(app: Arc<App>) {
    let mut loaded = app.loaded.clone();
    while !*loaded.borrow_and_update() {
        if loaded.changed().await.is_err() {
            return;
        }
    }
    while app
        .shutdown
        .run_until_cancelled(sleep(INTERVAL))
        .await
        .is_some()
    {
        for folder in learning(&app) {
            learn(&app, &folder).await;
        }
    }
}

/// The folders that have proposals, room, and a rule that says they are to be accepted.
fn learning(app: &App) -> Vec<Folder> {
    let folders = app.states.read().folders_with_proposals();
    let learns = |folder: &Folder| {
        let state = app.states.read();
        let rule = EffectiveRule::of(state.rule(folder), state.default_rule());
        rule.learn == Learn::Auto
    };
    let mut folders = folders;
    folders.retain(|folder| learns(folder) && app.folders.check_room_for_normal(folder).is_ok());
    folders
}

async fn learn(app: &App, folder: &Folder) {
    for id in app.proposed(folder) {
        let by = By::default();
        match accept(app, folder, &id, by.clone()).await {
            Ok(upload) => {
                tracing::info!(%folder, id = upload.id, "a proposed normal picture was accepted by the rule");
            }
            // Nothing becomes of it, now or later.
            Err(problem) if is_no_picture(&problem) => {
                tracing::warn!(%folder, id, problem.detail, "a proposed normal picture is refused");
                drop(app.folders.refuse_proposal(folder, &id, by).await);
            }
            Err(problem) => {
                tracing::debug!(%folder, id, problem.detail, "a proposed normal picture is not accepted yet");
            }
        }
    }
}

fn is_no_picture(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        Kind::EmptyPicture | Kind::UnknownFormat | Kind::UnreadablePicture
    )
}
