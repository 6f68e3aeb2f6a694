//! Who changed what.

use accounts::Issued;
use event_bus::{
    Begin, Event, FolderChange, FolderKey, ReferenceChange, RuleChange, RuleScope, Stored,
};
use proto::v1::Change;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};

use crate::{
    access::Site,
    audit::Process,
    pictures::jpeg,
    service::{Service, folder},
};

const FOLDER: &str = "/api/v1/folders/folder1";

/// All events of a kind that are kept, oldest first.
async fn past<E: Event>(service: &Service) -> Vec<Stored<E>> {
    let mut past = Vec::new();
    let read = service
        .bus
        .past(None, Begin::After(0), |stored| past.push(stored));
    read.await.unwrap();
    past
}

/// Who changed what of which folder: the word for it, and what tells before from after.
async fn changes(service: &Service) -> Vec<Value> {
    let changes = past::<Change>(service).await.into_iter();
    let changes = changes.map(|stored| {
        let Change { folder, who, .. } = &stored.event;
        assert_eq!(&stored.key.to_string(), folder);
        assert_eq!(&stored.by, who);
        assert!(stored.event.at.is_some());
        let json = serde_json::to_value(&stored.event).unwrap();
        let (what, names) = ["rule", "reference", "details", "normals"]
            .into_iter()
            .zip(["threshold", "name", "title", "name"])
            .find(|(what, _)| !json[what].is_null())
            .unwrap();
        let side = |side: &str| match &json[what][side] {
            Value::Null => json!("absent"),
            Value::Array(several) => {
                let named = several.iter().map(|one| one[names].as_str().unwrap());
                json!(named.collect::<Vec<_>>().join(" "))
            }
            there => there[names].clone(),
        };
        json!([who, folder, what, side("before"), side("after")])
    });
    changes.collect()
}

struct As<'a> {
    service: &'a Service,
    token: &'a Issued,
}

impl As<'_> {
    async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.service.request(method, path).body(body);
        let request = request.bearer_auth(self.token.reveal());
        let response = request.send().await.unwrap();
        assert!(response.status().as_u16() < 400, "{path}: {response:?}");
        response
    }

    async fn upload(&self, path: &str, name: &str, seed: u32) -> String {
        let path = format!("{path}/images?name={name}");
        let stored: Value = self
            .send(Method::POST, &path, jpeg(seed))
            .await
            .json()
            .await
            .unwrap();
        stored["images"][0]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn every_change_is_kept_with_who_made_it_and_what_was_before() {
    let nats = NatsServer::start();
    let site = Site::new();
    let service = site.start(&nats).await;
    assert_eq!(
        changes(&service).await,
        [json!(null); 0],
        "the first folders are nobody's"
    );
    let (admin, operator) = (
        As {
            service: &service,
            token: &site.admin,
        },
        As {
            service: &service,
            token: &site.operator,
        },
    );
    let who = site.admin.token.id.to_string();
    let uploader = site.operator.token.id.to_string();
    let rule = format!("{FOLDER}/rule");

    admin
        .send(Method::PUT, &rule, r#"{"threshold": 0.5}"#)
        .await;
    admin
        .send(Method::PUT, &rule, r#"{"threshold": 0.5}"#)
        .await;
    admin
        .send(Method::POST, "/folder/1/rule", "threshold=0.25")
        .await;
    admin.send(Method::DELETE, &rule, "").await;
    admin
        .send(
            Method::PUT,
            "/api/v1/rules/_default",
            r#"{"threshold": 0.75}"#,
        )
        .await;
    admin
        .send(Method::DELETE, "/api/v1/rules/_default", "")
        .await;
    admin
        .send(Method::DELETE, "/api/v1/rules/_default", "")
        .await;
    let rules = [
        json!([who, "folder1", "rule", "absent", 0.5]),
        json!([who, "folder1", "rule", 0.5, 0.25]),
        json!([who, "folder1", "rule", 0.25, "absent"]),
        json!([who, "_default", "rule", "absent", 0.75]),
        json!([who, "_default", "rule", 0.75, "absent"]),
    ];
    assert_eq!(
        changes(&service).await,
        rules,
        "what changes nothing is no change"
    );

    let first = operator.upload(FOLDER, "a.jpg", 1).await;
    let second = operator.upload(FOLDER, "b.jpg", 2).await;
    operator
        .send(Method::DELETE, &format!("{FOLDER}/images/{first}"), "")
        .await;
    operator.upload(FOLDER, "c.jpg", 3).await;
    let path = format!("/folder/1/delete/{second}");
    operator.send(Method::POST, &path, "").await;
    let references = [
        json!([uploader, "folder1", "reference", "absent", "a.jpg"]),
        json!([uploader, "folder1", "reference", "a.jpg", "b.jpg"]),
        json!([uploader, "folder1", "reference", "b.jpg", "c.jpg"]),
    ];
    assert_eq!(
        changes(&service).await[rules.len()..],
        references,
        "of older pictures nothing is said"
    );

    let dock = "/api/v1/folders/dock";
    admin.send(Method::PUT, dock, r#"{"title": "Dock"}"#).await;
    admin.send(Method::PUT, dock, "").await;
    admin
        .send(Method::POST, "/folder/dock/details", "title=East+dock")
        .await;
    admin
        .send(Method::POST, "/folder/dock/details", "title=East+dock")
        .await;
    admin
        .send(
            Method::PUT,
            &format!("{dock}/rule"),
            r#"{"threshold": 0.5}"#,
        )
        .await;
    operator.upload(dock, "d.jpg", 4).await;
    admin.send(Method::DELETE, dock, "").await;
    let details = [
        json!([who, "dock", "details", "absent", "Dock"]),
        json!([who, "dock", "details", "Dock", "East dock"]),
        json!([who, "dock", "rule", "absent", 0.5]),
        json!([uploader, "dock", "reference", "absent", "d.jpg"]),
        json!([who, "dock", "reference", "d.jpg", "absent"]),
        json!([who, "dock", "rule", 0.5, "absent"]),
        json!([who, "dock", "details", "East dock", "absent"]),
    ];
    let known = rules.len() + references.len();
    assert_eq!(
        changes(&service).await[known..],
        details,
        "a folder that goes takes all along"
    );
}

#[tokio::test]
async fn normal_pictures_that_come_and_go_are_changes_and_so_is_what_a_reference_retires() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "a.jpg", jpeg(1)).await;
    let normals = format!("{FOLDER}/normals");
    for (seed, name) in [(2, "night.jpg"), (3, "snow.jpg")] {
        let path = format!("{normals}?name={name}");
        service.send_bare(&path, jpeg(seed)).await;
    }
    let list = service.json(&normals).await;
    let first = list["normals"][0]["id"].as_str().unwrap();
    service.delete(&format!("{normals}/{first}")).await;
    service.upload("folder1", "b.jpg", jpeg(4)).await;
    let expected = [
        json!(["", "folder1", "reference", "absent", "a.jpg"]),
        json!(["", "folder1", "normals", "", "night.jpg"]),
        json!(["", "folder1", "normals", "night.jpg", "night.jpg snow.jpg"]),
        json!(["", "folder1", "normals", "night.jpg snow.jpg", "snow.jpg"]),
        json!(["", "folder1", "reference", "a.jpg", "b.jpg"]),
        json!(["", "folder1", "normals", "snow.jpg", ""]),
    ];
    assert_eq!(changes(&service).await, expected);
}

#[tokio::test]
async fn of_several_pictures_each_is_a_change() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let pictures = vec![("a.jpg", jpeg(1)), ("b.jpg", jpeg(2))];
    let sent = service.send_form("/folder/1", pictures).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let expected = [
        json!(["", "folder1", "reference", "absent", "a.jpg"]),
        json!(["", "folder1", "reference", "a.jpg", "b.jpg"]),
    ];
    assert_eq!(
        changes(&service).await,
        expected,
        "nobody is named where nobody is known"
    );
}

#[tokio::test]
async fn what_is_written_names_who_wrote_it() {
    let nats = NatsServer::start();
    let site = Site::new();
    let service = site.start(&nats).await;
    let admin = As {
        service: &service,
        token: &site.admin,
    };
    let who = site.admin.token.id.to_string();
    let (key, scope) = (
        FolderKey::from(&folder("folder1")),
        RuleScope::Folder(folder("folder1")),
    );
    let folder_by = async || {
        service
            .bus
            .latest::<FolderChange>(&key)
            .await
            .unwrap()
            .unwrap()
            .by
    };
    let rule_by = async || {
        service
            .bus
            .latest::<RuleChange>(&scope)
            .await
            .unwrap()
            .unwrap()
            .by
    };
    assert_eq!(folder_by().await, "", "the service made it");

    admin
        .send(Method::PUT, FOLDER, r#"{"title": "Dock"}"#)
        .await;
    assert_eq!(folder_by().await, who);
    admin
        .send(Method::PUT, &format!("{FOLDER}/rule"), "{}")
        .await;
    assert_eq!(rule_by().await, who);
    admin.upload(FOLDER, "a.jpg", 1).await;
    let second = admin.upload(FOLDER, "b.jpg", 2).await;
    admin
        .send(Method::DELETE, &format!("{FOLDER}/images/{second}"), "")
        .await;
    admin.send(Method::DELETE, FOLDER, "").await;
    assert_eq!(
        (folder_by().await, rule_by().await),
        (who.clone(), who.clone())
    );
    let references = past::<ReferenceChange>(&service).await;
    let by: Vec<_> = references.iter().map(|change| change.by.as_str()).collect();
    assert_eq!(by, [who.as_str(); 4]);
}

#[tokio::test]
async fn what_the_service_puts_right_is_no_change_of_a_person() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "a.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "b.jpg", jpeg(2)).await;
    let kept = changes(&service).await.len();
    let second = event_bus::PictureKey::new(&folder("folder1"), second);
    service.bus.references().delete(&second).await.unwrap();
    eventually("the one before is the reference", async || {
        let change = service.latest_change("folder1").await?;
        (change.reference()?.name == "a.jpg").then_some(())
    })
    .await;
    assert_eq!(changes(&service).await.len(), kept);
}

#[tokio::test]
async fn a_change_that_cannot_be_kept_holds_and_an_operator_is_told() {
    let nats = NatsServer::start();
    let site = Site::new();
    let file = site.file().path().display().to_string();
    let process = Process::start(&nats, &["--users-file", &file]);
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let set = async |threshold: &str| {
        let request = process.request(Method::PUT, &format!("{FOLDER}/rule"));
        let request = request.bearer_auth(site.admin.reveal());
        let body = format!(r#"{{"threshold": {threshold}}}"#);
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let answer: Value = response.json().await.unwrap();
        answer["rule"]["threshold"].as_f64()
    };
    assert_eq!(set("0.5").await, Some(0.5));
    jetstream.delete_stream("CHANGES").await.unwrap();
    assert_eq!(set("0.25").await, Some(0.25));
    let line = process.line(|line| line["level"] == "WARN");
    let who = site.admin.token.id.to_string();
    assert_eq!(
        line["message"],
        "a change holds, but is not kept in CHANGES"
    );
    assert_eq!(
        json!([line["folder"], line["what"], line["who"]]),
        json!(["folder1", "rule", who])
    );

    eventually("the stream is there again", async || {
        jetstream.get_stream("CHANGES").await.ok()
    })
    .await;
    assert_eq!(set("0.75").await, Some(0.75));
    let stream = jetstream.get_stream("CHANGES").await.unwrap();
    assert_eq!(stream.cached_info().state.messages, 1);
}
