//! Settings that are changed while running.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Bakery, answered};

const PATH: &str = "/api/v1/settings";

#[tokio::test]
async fn the_language_of_who_has_chosen_none_is_set_at_once_and_stays() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    assert_eq!(admin.json(PATH).await, json!({"language": null}));
    assert!(bakery.visitor().text("/login").await.contains("<html lang=\"es\""), "as configured");
    let german = json!({"language": "de"});
    assert_eq!(answered(admin.put(PATH, &german).await, StatusCode::OK).await, german);
    assert!(bakery.visitor().text("/login").await.contains("<html lang=\"de\""));
    let chosen = bakery.visitor().request(Method::GET, "/login").header("accept-language", "en").send().await.unwrap();
    assert!(chosen.text().await.unwrap().contains("<html lang=\"en\""), "who says something gets that");

    let unknown = answered(admin.put(PATH, &json!({"language": "fr"})).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(unknown["errors"][0]["field"], "language");
    assert_eq!(admin.put(PATH, &json!({"colour": "red"})).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(staff.put(PATH, &german).await.status(), StatusCode::FORBIDDEN);
    let audit = &bakery.server.service.store.audit_log(1, None).await.unwrap()[0].entry;
    assert_eq!((audit.action.as_str(), audit.after.as_ref()), ("settings.update", Some(&german)));

    let bakery = bakery.reopen().await;
    assert!(bakery.visitor().text("/login").await.contains("<html lang=\"de\""));
    let admin = bakery.login("admin").await;
    assert_eq!(answered(admin.put(PATH, &json!({})).await, StatusCode::OK).await["language"], Value::Null);
    assert!(bakery.visitor().text("/login").await.contains("<html lang=\"es\""));
}
