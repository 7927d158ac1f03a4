//! What ovens take, and what for nothing.

use app::model::energy::{EnergyReport, HOT_CELSIUS, IdleHot};
use axum::{Json, extract::State, http::StatusCode};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::Deserialize;

use super::{
    equipment::List,
    extract::{Id, Params},
};
use crate::http::{
    AppState,
    error::{ApiResult, Problem},
};

/// What may be asked for as hot, in °C.
const HOT_RANGE: std::ops::RangeInclusive<f64> = 30.0..=500.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergyQuery {
    /// Local day; six days before the last where absent.
    first_day: Option<Date>,
    /// Local day, included; today where absent.
    last_day: Option<Date>,
    /// From here on an oven is hot, in °C; 100 where absent.
    hot_celsius: Option<f64>,
}

/// Energy and idle hot time of each local day.
pub async fn of_oven(
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<EnergyQuery>,
) -> ApiResult<Json<EnergyReport>> {
    let today = || state.web.timezone.to_datetime(Timestamp::now()).date();
    let last = query.last_day.unwrap_or_else(today);
    let first = query.first_day.unwrap_or_else(|| last.saturating_sub(6.days()));
    if first > last {
        let title = "first_day is after last_day";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "range_reversed", title));
    }
    Ok(Json(state.service.energy(id, first, last, hot(query.hot_celsius)?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleQuery {
    /// From here on an oven is hot, in °C; 100 where absent.
    hot_celsius: Option<f64>,
}

/// Ovens that are hot and empty now, the longest first.
pub async fn idle_hot(
    State(state): State<AppState>,
    Params(query): Params<IdleQuery>,
) -> ApiResult<Json<List<IdleHot>>> {
    Ok(Json(state.service.idle_hot(Timestamp::now(), hot(query.hot_celsius)?).await?.into()))
}

fn hot(celsius: Option<f64>) -> Result<f64, Problem> {
    let celsius = celsius.unwrap_or(HOT_CELSIUS);
    if HOT_RANGE.contains(&celsius) {
        return Ok(celsius);
    }
    let title = format!("hot_celsius is from {} to {}", HOT_RANGE.start(), HOT_RANGE.end());
    Err(Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title))
}
