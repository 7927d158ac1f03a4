//! How much one client may ask of the API.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Bakery, answered, refusal};

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_come_again_and_holds_up_nobody_else() {
    let bakery = Bakery::open_with(&[("api_requests_per_second", "1"), ("api_burst", "5")]).await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let first = admin.get("/api/v1/equipment").await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"api\";q=5;w=5");
    assert_eq!(first.headers()["ratelimit"], "\"api\";r=4;t=1");
    let made = admin.post("/api/v1/tokens", &json!({"name": "till"})).await;
    let token = answered(made, StatusCode::CREATED).await["token"].as_str().unwrap().to_owned();
    let mut refused = None;
    for _ in 0..20 {
        let answer = admin.get("/api/v1/equipment").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("twenty requests at once are too many");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().starts_with("\"api\";r=0;"));
    assert_eq!(refusal(refused).await, (429, "rate_limited".to_owned()));
    assert_eq!(admin.get("/").await.status(), StatusCode::OK, "pages go on");
    assert_eq!(staff.get("/api/v1/equipment").await.status(), StatusCode::OK);
    assert_eq!(bakery.program(&token).get("/api/v1/equipment").await.status(), StatusCode::OK);
    assert_eq!(bakery.visitor().get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);
}
