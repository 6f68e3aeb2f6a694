//! Services that start late, anew or twice.

use proto::v1::Phase;
use test_support::eventually;
use tests::{Stack, View, picture};

#[tokio::test(flavor = "multi_thread")]
async fn a_comparator_that_comes_last_judges_what_is_there() {
    let mut stack = Stack::without_comparator().await;
    stack.watch("folder1").await;
    for seed in 0..10 {
        stack.publish("folder1", picture(View::Wall, seed)).await;
    }
    stack.start_comparator().await;
    stack.firing("folder1").await;
    assert_eq!(stack.phases().await, [Phase::Firing]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_came_while_no_comparator_ran_is_judged_by_the_next() {
    let mut stack = Stack::start().await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;

    stack.stop_comparators().await;
    stack
        .upload("folder1", "wall.jpg", picture(View::Wall, 2))
        .await;
    stack.start_comparator().await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparator_that_begins_after_a_normal_picture_came_takes_the_reference_to_be_as_old_as_it_is()
 {
    let mut stack = Stack::start().await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
    stack.add_normal("folder1", picture(View::Yard, 0)).await;

    stack.stop_comparators().await;
    stack.start_comparator().await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    // It would not, were the comparison one with an older reference than that of the alert.
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_everything_it_goes_on_where_it_stopped() {
    let mut stack = Stack::start().await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let before = stack.firing("folder1").await;
    eventually("both keys", async || {
        (stack.phases().await == [Phase::Firing]).then_some(())
    })
    .await;

    stack.restart_everything().await;
    assert_eq!(stack.firing("folder1").await, before);
    let folder = stack.get("/api/v1/folders/folder1").await;
    assert_eq!(folder["reference"]["name"], "dock.jpg", "{folder}");
    assert_eq!(folder["alert"]["id"], before.id.as_str(), "{folder}");

    stack.publish("folder1", picture(View::Wall, 4)).await;
    stack.publish("folder1", picture(View::Dock, 4)).await;
    stack.quiet("folder1").await;
    assert_eq!(stack.phases().await, [Phase::Firing, Phase::Resolved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_comparators_raise_one_alert() {
    let mut stack = Stack::start().await;
    stack.start_comparator().await;
    for folder in ["folder1", "folder2", "folder3"] {
        stack.watch(folder).await;
    }
    for seed in 0..8 {
        for folder in ["folder1", "folder2", "folder3"] {
            stack.publish(folder, picture(View::Wall, seed)).await;
        }
    }
    for folder in ["folder1", "folder2", "folder3"] {
        stack.firing(folder).await;
        stack.publish(folder, picture(View::Dock, 1)).await;
        stack.quiet(folder).await;
    }
    let phases = stack.phases().await;
    assert_eq!(phases.len(), 6, "{phases:?}");
}
