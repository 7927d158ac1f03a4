//! The admin's oven form.

use reqwest::{StatusCode, header};
use server::service::draft_secrets::{DRAFT_ID, DRAFT_SECRETS};

use crate::harness::{Bakery, Ovens, eventually};

fn value_of(html: &str, name: &str) -> String {
    let field = html
        .split("<input")
        .find(|tag| tag.contains(&format!("name=\"{name}\"")))
        .unwrap_or_else(|| panic!("no field {name}"));
    field
        .split("value=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("{name} has no value"))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_wrong_form_keeps_what_was_typed_and_says_what_to_change() {
    let bakery = Bakery::open().await;
    let mut admin = bakery.login("admin").await;
    let answer = admin
        .submit(
            "/admin/ovens/new",
            &[
                ("name", ""),
                ("location", "Obrador <norte>"),
                ("kind", "deck"),
                ("iot_protocol", "rest_api"),
                ("iot_endpoint", "horno.lan"),
                ("poll_interval_seconds", "pronto"),
                ("config.auth", "basic"),
                ("secret.username", "ana"),
                ("secret.password", "s3creto-<b>"),
                ("mapping.0.target", "temperature"),
                ("mapping.0.path", "temp"),
                ("action", "save"),
            ],
        )
        .await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text().await.unwrap();
    assert!(html.contains("Obrador &lt;norte&gt;") && html.contains("horno.lan") && html.contains("pronto"));
    assert!(!html.contains("s3creto"), "a secret is never sent back");
    let tag = html.split("<input").find(|tag| tag.contains("name=\"poll_interval_seconds\"")).unwrap();
    assert!(tag.contains("aria-invalid=\"true\""), "{tag}");
    assert!(html.contains("número entero"), "what to change is said in words");
    assert_eq!(bakery.server.service.store.equipment_list().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_tested_password_need_not_be_typed_again_to_save() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let mut admin = bakery.login("admin").await;
    let oven = ovens.get(1);
    let endpoint = oven.base_url();
    let data = oven.spec.data_path();
    let secret = format!("masa-{}", oven.spec.id);
    let mut fields = vec![
        ("name", "Horno de prueba"),
        ("kind", "deck"),
        ("iot_enabled", "on"),
        ("iot_protocol", "rest_api"),
        ("iot_endpoint", endpoint.as_str()),
        ("poll_interval_seconds", "1"),
        ("config.data_endpoint", data.as_str()),
        ("config.auth", "basic"),
        ("config.verify_ssl", "on"),
        ("mapping.0.target", "temperature"),
        ("mapping.0.path", "/kammer/ist"),
        ("mapping.0.scale", "0,01"),
    ];
    let mut test = fields.clone();
    test.extend([("secret.username", "panadero"), ("secret.password", secret.as_str()), ("action", "test")]);
    let answer = admin.submit("/admin/ovens/new", &test).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let html = answer.text().await.unwrap();
    assert!(html.contains("kammer"), "the answer is shown, to build a mapping from");
    assert!(!html.contains(&secret));

    let (id, sealed) = (value_of(&html, DRAFT_ID), value_of(&html, DRAFT_SECRETS));
    fields.extend([(DRAFT_ID, id.as_str()), (DRAFT_SECRETS, sealed.as_str()), ("action", "save")]);
    let saved = admin.submit("/admin/ovens/new", &fields).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    assert_eq!(saved.headers()[header::LOCATION], "/admin/ovens?done=oven-saved");
    let equipment = bakery.server.service.store.equipment_list().await.unwrap().remove(0);
    bakery.logged(&admin, equipment.id, "connected").await;
    let shown =
        eventually("a temperature", || async { bakery.server.service.live.oven(equipment.id)?.values?.temperature })
            .await;
    assert!((20.0..400.0).contains(&shown), "{shown} °C");
}

#[tokio::test]
async fn switching_off_and_on_stops_and_starts_the_connection() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let mut admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    admin.submit(&format!("/admin/ovens/{id}/disable"), &[]).await;
    assert!(!bakery.server.service.live.oven(id).unwrap().enabled);
    assert_eq!(bakery.server.service.poller.totals().ovens, 0);
    admin.submit(&format!("/admin/ovens/{id}/enable"), &[]).await;
    eventually("running again", || async {
        (bakery.server.service.live.oven(id)?.status.as_str() == "connected").then_some(())
    })
    .await;
    let gone = admin.submit(&format!("/admin/ovens/{id}/delete"), &[]).await;
    assert_eq!(gone.headers()[header::LOCATION], "/admin/ovens?done=oven-deleted");
    assert!(bakery.server.service.live.oven(id).is_none());
}

#[tokio::test]
async fn a_form_that_cannot_be_read_gets_a_page() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for (body, kind, status) in [
        ("{}".to_owned(), "application/json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (format!("name={}", "x".repeat(300_000)), "application/x-www-form-urlencoded", StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = admin.request(reqwest::Method::POST, "/admin/ovens/new").header(header::CONTENT_TYPE, kind);
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.text().await.unwrap().starts_with("<!doctype html>"), "{kind}");
    }
}
