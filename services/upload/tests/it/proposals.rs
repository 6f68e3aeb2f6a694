//! Frames that are proposed as normal pictures: shown, accepted, refused, retired.

use event_bus::{NormalChange, ProposalKey};
use proto::{
    timestamp,
    v1::{Frame, Picture, Proposal},
};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

const FOLDER: &str = "/api/v1/folders/folder1";
const NORMALS: &str = "/api/v1/folders/folder1/normals";
const PROPOSALS: &str = "/api/v1/folders/folder1/proposals";

fn frame_at(hour: u8) -> OffsetDateTime {
    datetime!(2026-11-01 00:00 UTC) + Duration::hours(hour.into())
}

/// A frame of this hour that was judged by the reference, and was closest to a picture.
fn proposal(hour: u8, reference: &str, closest: &str) -> Proposal {
    Proposal {
        folder: "folder1".to_owned(),
        id: format!("{hour:02}"),
        frame: Some(Frame {
            stored_at: Some(timestamp(frame_at(hour))),
            ..Frame::default()
        }),
        reference_id: reference.to_owned(),
        closest: Some(Picture {
            id: closest.to_owned(),
            ..Picture::default()
        }),
        similarity: 0.97,
        ..Proposal::default()
    }
}

/// As a comparator does.
async fn propose(service: &Service, proposal: &Proposal, bytes: &[u8]) {
    let key = ProposalKey::proposed(&folder("folder1"), &proposal.id);
    let proposals = service.bus.proposals();
    proposals.put(&key, proposal, bytes).await.unwrap();
}

/// Proposes frames of these hours, and waits until they are listed.
async fn propose_some(service: &Service, hours: &[u8], reference: &str) {
    for hour in hours {
        let proposal = proposal(*hour, reference, reference);
        propose(service, &proposal, &jpeg((*hour).into())).await;
    }
    until_listed(
        service,
        &hours
            .iter()
            .map(|it| format!("{it:02}"))
            .collect::<Vec<_>>(),
    )
    .await;
}

async fn listed(service: &Service) -> Vec<String> {
    let list = service.json(PROPOSALS).await;
    let proposals = list["proposals"].as_array().unwrap();
    let id = |proposal: &Value| proposal["id"].as_str().unwrap().to_owned();
    proposals.iter().map(id).collect()
}

async fn until_listed(service: &Service, ids: &[String]) {
    eventually("these are listed", async || {
        (listed(service).await == ids).then_some(())
    })
    .await;
}

async fn normals(service: &Service) -> Vec<Value> {
    let list = service.json(NORMALS).await;
    list["normals"].as_array().unwrap().clone()
}

async fn post(service: &Service, path: &str) -> Response {
    let request = service.request(Method::POST, path);
    request.send().await.unwrap()
}

async fn is_stored(service: &Service, key: &ProposalKey) -> bool {
    service.bus.proposals().has(key).await.unwrap()
}

#[tokio::test]
async fn one_is_listed_shown_and_accepted() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&service, &[3, 11], &reference).await;

    let list = service.json(PROPOSALS).await;
    assert_eq!(
        list["proposals"][0]["frame"]["storedAt"],
        "2026-11-01T03:00:00+00:00"
    );
    assert_eq!(list["proposals"][0]["similarity"], 0.97);
    assert_eq!(
        service.json(FOLDER).await["proposals"],
        serde_json::json!(["03", "11"])
    );
    let content = service.get(&format!("{PROPOSALS}/03")).await;
    assert_eq!(content.bytes().await.unwrap(), jpeg(3));
    let small = service.get(&format!("{PROPOSALS}/03?width=160")).await;
    assert_eq!(small.status(), StatusCode::OK);

    let accepted = post(&service, &format!("{PROPOSALS}/03/accept")).await;
    assert_eq!(accepted.status(), StatusCode::CREATED);
    let location = accepted.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(service.get(&location).await.bytes().await.unwrap(), jpeg(3));
    let normals = normals(&service).await;
    assert_eq!(normals.len(), 1);
    assert_eq!(normals[0]["name"], "frame-20261101030000.jpg");
    assert_eq!(normals[0]["frameAt"], "2026-11-01T03:00:00+00:00");
    assert_eq!(listed(&service).await, ["11"]);

    for gone in [
        post(&service, &format!("{PROPOSALS}/03/accept")).await,
        service.get(&format!("{PROPOSALS}/03")).await,
        service.delete(&format!("{PROPOSALS}/03")).await,
    ] {
        let detail = problem(gone, 404, "unknown-image").await;
        assert!(detail.contains("\"03\" is proposed"), "{detail}");
    }
}

#[tokio::test]
async fn all_are_accepted_or_refused_at_once() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&service, &[3, 11, 19], &reference).await;
    let page = service.get("/folder/1").await.text().await.unwrap();
    assert!(page.contains("Accept all") && page.contains("data-proposal=\"19\""));

    let accepted = post(&service, "/folder/1/proposals/accept").await;
    assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        accepted.headers()["location"],
        "/folder/1?saved=normals#normals"
    );
    assert_eq!(normals(&service).await.len(), 3);
    assert!(listed(&service).await.is_empty());
    let none = post(&service, &format!("{PROPOSALS}/accept")).await;
    assert_eq!(none.status(), StatusCode::CREATED);

    propose_some(&service, &[4, 12], &reference).await;
    assert_eq!(service.delete(PROPOSALS).await.status(), 204);
    assert!(listed(&service).await.is_empty());
    assert_eq!(normals(&service).await.len(), 3);
    for id in ["04", "12"] {
        let key = ProposalKey::proposed(&folder("folder1"), id);
        assert!(!is_stored(&service, &key).await);
    }
}

#[tokio::test]
async fn accepted_by_two_copies_of_the_service_it_is_one_picture() {
    let nats = NatsServer::start();
    let (one, other) = (Service::start(&nats).await, Service::start(&nats).await);
    let reference = one.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&one, &[3, 11], &reference).await;
    until_listed(&other, &["03".to_owned(), "11".to_owned()]).await;
    let accept = format!("{PROPOSALS}/accept");
    tokio::join!(post(&one, &accept), post(&other, &accept));
    eventually("both are normal pictures", async || {
        (normals(&one).await.len() == 2 && listed(&one).await.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_judged_by_a_picture_that_holds_no_longer_is_retired() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&service, &[3], &reference).await;
    post(&service, &format!("{PROPOSALS}/accept")).await;
    let night = normals(&service).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    propose(&service, &proposal(11, &reference, &night), &jpeg(11)).await;
    propose(&service, &proposal(19, &reference, &reference), &jpeg(19)).await;
    until_listed(&service, &["11".to_owned(), "19".to_owned()]).await;
    service.delete(&format!("{NORMALS}/{night}")).await;
    assert_eq!(listed(&service).await, ["19"]);

    service.upload("folder1", "autumn.jpg", jpeg(2)).await;
    assert!(listed(&service).await.is_empty());
    for id in ["11", "19"] {
        let key = ProposalKey::proposed(&folder("folder1"), id);
        assert!(!is_stored(&service, &key).await);
    }
    // One that comes late, of the reference before.
    propose(&service, &proposal(21, &reference, &reference), &jpeg(21)).await;
    let late = ProposalKey::proposed(&folder("folder1"), "21");
    eventually("it is deleted", async || {
        (!is_stored(&service, &late).await).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_is_removed_takes_its_proposals_along() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    let waiting = ProposalKey::waiting(&folder("folder1"));
    let proposals = service.bus.proposals();
    let waits = proposal(2, &reference, &reference);
    proposals.put(&waiting, &waits, &jpeg(2)).await.unwrap();
    propose_some(&service, &[3], &reference).await;

    assert_eq!(service.delete(FOLDER).await.status(), 204);
    let proposed = ProposalKey::proposed(&folder("folder1"), "03");
    for key in [waiting, proposed] {
        eventually("it is deleted", async || {
            (!is_stored(&service, &key).await).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_rule_that_says_so_accepts_by_itself() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&service, &[3], &reference).await;
    let rule = format!("{FOLDER}/rule");
    let refused = service.put(&rule, r#"{"learn": "always"}"#).await;
    let detail = problem(refused, 422, "invalid-rule").await;
    assert!(
        detail.contains("always") && detail.contains("ask"),
        "{detail}"
    );
    assert_eq!(service.json(&rule).await["effective"]["learn"], "ask");

    let set = service.put(&rule, r#"{"learn": "auto"}"#).await;
    assert_eq!(set.status(), StatusCode::OK);
    eventually("it is accepted", async || {
        (normals(&service).await.len() == 1).then_some(())
    })
    .await;
    until_listed(&service, &[]).await;

    // What is no picture is not learned, and does not stay either.
    propose(
        &service,
        &proposal(11, &reference, &reference),
        b"no picture",
    )
    .await;
    let key = ProposalKey::proposed(&folder("folder1"), "11");
    eventually("it is gone", async || {
        (!is_stored(&service, &key).await).then_some(())
    })
    .await;
    assert_eq!(normals(&service).await.len(), 1);
}

#[tokio::test]
async fn without_room_none_is_accepted_and_all_stay() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    let files = || (0..15).map(|seed| ("n.jpg", jpeg(seed + 30))).collect();
    service.send_form(NORMALS, files()).await;
    propose_some(&service, &[3, 11], &reference).await;
    let some = post(&service, &format!("{PROPOSALS}/accept")).await;
    assert_eq!(some.status(), StatusCode::MULTI_STATUS);
    let answer: Value = some.json().await.unwrap();
    assert_eq!(answer["refused"][0]["name"], "11");
    assert_eq!(answer["refused"][0]["problem"]["status"], 409);
    let full = post(&service, &format!("{PROPOSALS}/accept")).await;
    problem(full, 409, "too-many-normals").await;
    assert_eq!(listed(&service).await, ["11"]);
    let stored = service.bus.all::<NormalChange>().await;
    assert_eq!(stored.len(), 16);
}

#[tokio::test]
async fn a_bucket_that_is_deleted_costs_proposals_only() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    propose_some(&service, &[3], &reference).await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    context.delete_stream("OBJ_proposals").await.unwrap();
    until_listed(&service, &[]).await;
    assert_eq!(service.json(FOLDER).await["reference"]["id"], reference);
    eventually("it takes others", async || {
        let key = ProposalKey::proposed(&folder("folder1"), "04");
        let proposal = proposal(4, &reference, &reference);
        let put = service.bus.proposals().put(&key, &proposal, &jpeg(4)).await;
        put.is_ok().then_some(())
    })
    .await;
    until_listed(&service, &["04".to_owned()]).await;
}
