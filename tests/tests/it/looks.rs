//! What references look like, kept in the bucket `features`: it saves time, and decides nothing.

use async_nats::jetstream::{self, Context, stream::Stream};
use test_support::eventually;
use tests::{Stack, watched_by_view};

const BUCKET: &str = "KV_features";

async fn jetstream(stack: &Stack) -> Context {
    jetstream::new(async_nats::connect(stack.nats.url()).await.unwrap())
}

async fn bucket(jetstream: &Context) -> Stream {
    eventually("the bucket is there", async || {
        jetstream.get_stream(BUCKET).await.ok()
    })
    .await
}

/// The subject and the bytes of the only look that is stored.
async fn stored(jetstream: &Context) -> (String, Vec<u8>) {
    let bucket = bucket(jetstream).await;
    let stored = eventually("a look is stored", async || {
        let last = bucket.get_last_raw_message_by_subject("$KV.features.>");
        last.await.ok()
    })
    .await;
    (stored.subject.to_string(), stored.payload.to_vec())
}

/// A folder whose reference has been looked at, with what it looks like.
async fn looked_at() -> Option<(Stack, Context, [Vec<u8>; 2])> {
    let (stack, dock, shelf) = watched_by_view().await?;
    stack.publish("folder1", dock.clone()).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;
    let jetstream = jetstream(&stack).await;
    Some((stack, jetstream, [dock, shelf]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_outlives_its_picture_and_the_comparator() {
    let Some((mut stack, jetstream, [dock, shelf])) = looked_at().await else {
        return;
    };
    let (subject, look) = stored(&jetstream).await;
    assert!(subject.ends_with("_view-2_phash-3"), "{subject}");
    assert!(look.len() <= 80_000, "{}", look.len());
    stack.stop_comparators().await;
    let references = jetstream.get_stream("OBJ_references").await.unwrap();
    references.purge().await.unwrap();

    stack.start_comparator().await;
    stack.publish("folder1", shelf).await;
    stack.firing("folder1").await;
    stack.publish("folder1", dock).await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_bucket_verdicts_are_the_same() {
    let Some((mut stack, jetstream, [dock, shelf])) = looked_at().await else {
        return;
    };
    let before = stored(&jetstream).await;
    stack.publish("folder1", shelf.clone()).await;
    let similarity = stack.similarity_where("folder1", |it| it < 0.9).await;
    stack.firing("folder1").await;
    stack.stop_comparators().await;
    jetstream.delete_stream(BUCKET).await.unwrap();

    stack.start_comparator().await;
    stack.publish("folder1", dock).await;
    stack.quiet("folder1").await;
    stack.publish("folder1", shelf).await;
    stack
        .similarity_where("folder1", |it| it == similarity)
        .await;
    assert_eq!(stored(&jetstream).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_look_of_this_picture_is_computed_again() {
    let Some((mut stack, jetstream, [dock, shelf])) = looked_at().await else {
        return;
    };
    let (subject, look) = stored(&jetstream).await;
    let mut foreign = look.clone();
    foreign[1000] ^= 1;
    for bad in [foreign, look[..100].to_vec(), Vec::new()] {
        stack.stop_comparators().await;
        let put = jetstream.publish(subject.clone(), bad.into()).await;
        put.unwrap().await.unwrap();
        stack.start_comparator().await;
        stack.publish("folder1", shelf.clone()).await;
        stack.firing("folder1").await;
        stack.publish("folder1", dock.clone()).await;
        stack.quiet("folder1").await;
        eventually("the look is right again", async || {
            (stored(&jetstream).await.1 == look).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_bucket_keeps_no_verdict_back_and_gets_the_look_when_there_is_room() {
    let Some((mut stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    stack.stop_comparators().await;
    let jetstream = jetstream(&stack).await;
    let mut config = bucket(&jetstream).await.cached_info().config.clone();
    config.max_bytes = 1000;
    jetstream.update_stream(&config).await.unwrap();

    stack.start_comparator().await;
    stack.publish("folder1", shelf).await;
    stack.firing("folder1").await;
    stack.publish("folder1", dock).await;
    stack.quiet("folder1").await;
    let stored = bucket(&jetstream).await.cached_info().state.messages;
    assert_eq!(stored, 0);

    config.max_bytes = -1;
    jetstream.update_stream(&config).await.unwrap();
    self::stored(&jetstream).await;
}
