//! What ovens take, and what for nothing.

use app::model::energy::{EnergyReport, HOT_CELSIUS, IdleHot};
use axum::{Json, extract::State, http::StatusCode};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{Id, Params},
    page::{self, Page},
};
use crate::http::{
    AppState,
    error::{ApiResult, Problem},
};

/// What may be asked for as hot, in °C.
const HOT_RANGE: std::ops::RangeInclusive<f64> = 30.0..=500.0;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EnergyQuery {
    /// Local day; six days before the last where absent.
    #[param(value_type = Option<String>, format = Date)]
    first_day: Option<Date>,
    /// Local day, included; today where absent.
    #[param(value_type = Option<String>, format = Date)]
    last_day: Option<Date>,
    /// From here on an oven is hot, in °C; 100 where absent.
    #[param(minimum = 30, maximum = 500, default = 100)]
    hot_celsius: Option<f64>,
}

/// Energy and idle hot time of each local day.
#[utoipa::path(
    get, path = "/equipment/{id}/energy", tag = "energy", params(EnergyQuery),
    responses(
        (status = 200, body = EnergyReport),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "More than 400 days."),
    )
)]
pub async fn of_oven(
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<EnergyQuery>,
) -> ApiResult<Json<EnergyReport>> {
    let today = || state.web.timezone.to_datetime(Timestamp::now()).date();
    let last = query.last_day.unwrap_or_else(today);
    let first = query.first_day.unwrap_or_else(|| last.saturating_sub(6.days()));
    page::in_order(("first_day", Some(first)), ("last_day", Some(last)))?;
    Ok(Json(state.service.energy(id, first, last, hot(query.hot_celsius)?).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IdleQuery {
    /// From here on an oven is hot, in °C; 100 where absent.
    #[param(minimum = 30, maximum = 500, default = 100)]
    hot_celsius: Option<f64>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Ovens that are hot and empty now, the longest first.
#[utoipa::path(
    get, path = "/energy/idle-hot", tag = "energy", params(IdleQuery), responses((status = 200, body = Page<IdleHot>))
)]
pub async fn idle_hot(
    State(state): State<AppState>,
    Params(query): Params<IdleQuery>,
) -> ApiResult<Json<Page<IdleHot>>> {
    let found = state.service.idle_hot(Timestamp::now(), hot(query.hot_celsius)?).await?;
    let asked = page::Asked { limit: query.limit, cursor: query.cursor.as_deref(), is_descending: false };
    Ok(Json(page::of_all(found, asked, |oven| (oven.since.as_microsecond(), oven.equipment_id))?))
}

fn hot(celsius: Option<f64>) -> Result<f64, Problem> {
    let celsius = celsius.unwrap_or(HOT_CELSIUS);
    if HOT_RANGE.contains(&celsius) {
        return Ok(celsius);
    }
    let title = format!("hot_celsius is from {} to {}", HOT_RANGE.start(), HOT_RANGE.end());
    Err(Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title).about("hot_celsius"))
}
