//! The demo: every simulated oven through its real driver, with a past that fits its present.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use server::{
    demo,
    simulator::{Past, Simulator},
};
use tokio_util::sync::CancellationToken;

use crate::harness::{Bakery, eventually};

const PAST: Past = Past { span: Duration::from_secs(120), every: Duration::from_secs(5) };

#[tokio::test]
async fn every_oven_of_the_demo_is_live_and_has_a_past_of_the_same_zones() {
    let bakery = Bakery::open().await;
    let service = &bakery.server.service;
    let shutdown = CancellationToken::new();
    let _guard = shutdown.clone().drop_guard();
    let simulator = Simulator::start_with(demo::bakery(), Some(PAST), shutdown).unwrap();
    let began = Timestamp::now();
    service.store.set_setting(demo::MARK, &true).await.unwrap();
    demo::seed(service, &simulator.ovens()).await.unwrap();
    demo::history::write(service, &simulator, demo::INTERVAL_S).await;

    for oven in simulator.ovens() {
        let id = demo::oven_id(&oven.spec.id);
        let live = eventually(&format!("{} is live", oven.spec.id), || async {
            service.live.last_reading(id).filter(|reading| reading.values.temperature.is_some())
        })
        .await;
        let truth = simulator.snapshot(&oven.spec.id).unwrap();
        let off = live.values.temperature.unwrap() - truth.temperature_celsius;
        assert!(off.abs() < 30.0, "{} shows {off} K more than there is", oven.spec.id);
        assert!(live.values.operational_status.is_some() && live.values.door_status.is_some(), "{live:?}");

        let past = eventually(&format!("{} has a past", oven.spec.id), || async {
            let start = began - SignedDuration::from_secs(180);
            let past = service.store.readings(id, start, began - SignedDuration::from_secs(2), 100).await.unwrap();
            (past.len() >= 20).then_some(past)
        })
        .await;
        let zones = |values: &app::model::reading::Values| -> BTreeSet<String> {
            // The core is a zone only while a probe is in a product.
            values.temperature_zones.keys().filter(|zone| *zone != "core").cloned().collect()
        };
        assert_eq!(zones(&past[0].values), zones(&live.values), "{}", oven.spec.id);
        let joins = past.last().unwrap().values.temperature.unwrap() - live.values.temperature.unwrap();
        assert!(joins.abs() < 60.0, "{} jumps by {joins} K", oven.spec.id);
    }
}
