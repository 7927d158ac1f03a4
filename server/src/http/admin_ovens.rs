//! `/admin/ovens…`: one form to add and change an oven, and its test.

use app::{
    model::{
        api::ConnectionTestResult,
        discovery::DiscoveryResult,
        equipment::{Equipment, EquipmentDraft, EquipmentId},
        form::{FieldError, FormValues},
    },
    pages::{self, FormMode, Notice, OvenForm, PageContext},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::{
    AppState,
    error::PageError,
    find::{self, Next, Step},
    ovens::oven_id,
    page::{self, Page, PageForm},
};
use crate::{
    connectors,
    service::{Actor, ServiceError, configure::SecretChange, form},
};

type Fields = PageForm<Vec<(String, String)>>;

/// Mapping rows beyond this are refused before they are looked at.
const MAX_ROWS: usize = 200;

pub async fn list(State(state): State<AppState>, Page(cx): Page) -> Result<Html<String>, PageError> {
    match state.service.admin_ovens().await {
        Ok(data) => Ok(Html(pages::admin_ovens(&cx, data))),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

pub async fn new(Page(cx): Page) -> Html<String> {
    fresh(&cx, FormMode::New, &EquipmentDraft::default())
}

pub async fn create(State(state): State<AppState>, Page(cx): Page, actor: Actor, PageForm(fields): Fields) -> Response {
    submitted(&state, cx, actor, None, FormValues(fields)).await
}

pub async fn edit(State(state): State<AppState>, Page(cx): Page, Path(id): Path<String>) -> Response {
    match load(&state, &id).await {
        Ok((draft, mode)) => fresh(&cx, mode, &draft).into_response(),
        Err(error) => PageError::new(Page(cx), error).into_response(),
    }
}

pub async fn update(
    State(state): State<AppState>,
    Page(cx): Page,
    actor: Actor,
    Path(id): Path<String>,
    PageForm(fields): Fields,
) -> Response {
    match oven_id(&id) {
        Ok(id) => submitted(&state, cx, actor, Some(id), FormValues(fields)).await,
        Err(error) => PageError::new(Page(cx), error).into_response(),
    }
}

pub async fn enable(state: State<AppState>, page: Page, actor: Actor, id: Path<String>) -> Response {
    switch(state, page, actor, id, true).await
}

pub async fn disable(state: State<AppState>, page: Page, actor: Actor, id: Path<String>) -> Response {
    switch(state, page, actor, id, false).await
}

async fn switch(
    State(state): State<AppState>,
    page: Page,
    actor: Actor,
    Path(id): Path<String>,
    enabled: bool,
) -> Response {
    let done = async { state.service.set_enabled(&actor, oven_id(&id)?, enabled).await };
    match done.await {
        Ok(()) => back_to_list(if enabled { Notice::OvenEnabled } else { Notice::OvenDisabled }),
        Err(error) => PageError::new(page, error).into_response(),
    }
}

pub async fn delete(State(state): State<AppState>, page: Page, actor: Actor, Path(id): Path<String>) -> Response {
    let done = async { state.service.delete(&actor, oven_id(&id)?).await };
    match done.await {
        Ok(()) => back_to_list(Notice::OvenDeleted),
        Err(error) => PageError::new(page, error).into_response(),
    }
}

fn back_to_list(notice: Notice) -> Response {
    page::done("/admin/ovens", notice)
}

/// What the pressed button asks for.
enum Action {
    Save,
    Test,
    AddRow,
    RemoveRow(usize),
    /// The form again, with the fields of the chosen protocol.
    ChooseProtocol,
}

impl Action {
    fn of(values: &FormValues) -> Self {
        match values.get("action") {
            Some("test") => Self::Test,
            Some("add_row") => Self::AddRow,
            Some("choose_protocol") => Self::ChooseProtocol,
            Some(other) => {
                other.strip_prefix("remove_row.").and_then(|row| row.parse().ok()).map_or(Self::Save, Self::RemoveRow)
            }
            None => Self::Save,
        }
    }
}

async fn submitted(
    state: &AppState,
    cx: PageContext,
    actor: Actor,
    id: Option<EquipmentId>,
    values: FormValues,
) -> Response {
    match act(state, &cx, actor, id, values).await {
        Ok(response) => response,
        Err(error) => PageError::new(Page(cx), error).into_response(),
    }
}

async fn act(
    state: &AppState,
    cx: &PageContext,
    actor: Actor,
    id: Option<EquipmentId>,
    mut values: FormValues,
) -> Result<Response, ServiceError> {
    let mode = match id {
        Some(id) => mode_of(state, state.service.equipment(id).await?).await,
        None => FormMode::New,
    };
    let rows = values.mapping_rows();
    if rows.len() > MAX_ROWS {
        return Err(ServiceError::Invalid(Vec::new()));
    }
    let mut parsed = form::parse(&values);
    let typed = state.service.typed_secrets(&values, parsed.secrets);
    state.service.seal_into(&mut values, typed.clone());
    let kept: Vec<String> = typed.keys().cloned().collect();
    if let Some(step) = Step::of(&values) {
        return Ok(match find::act(state, &actor, id, step, values, typed).await? {
            Next::List => back_to_list(Notice::OvenSaved),
            Next::Form(values, found, errors) => {
                let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
                let errors = form::locate(&parsed.rows, errors);
                shown(cx, mode, kept, values, View { errors, found, ..View::default() }, status)
            }
        });
    }
    let shown =
        |values, errors, test, status| shown(cx, mode, kept, values, View { errors, test, ..View::default() }, status);
    match Action::of(&values) {
        Action::AddRow => {
            let next = rows.last().map_or(0, |row| row + 1);
            values.set(&format!("mapping.{next}.target"), "");
            return Ok(shown(values, Vec::new(), None, StatusCode::OK));
        }
        Action::RemoveRow(row) => {
            values.0.retain(|(name, _)| !name.starts_with(&format!("mapping.{row}.")));
            return Ok(shown(values, Vec::new(), None, StatusCode::OK));
        }
        Action::ChooseProtocol => {
            form::set_default_flags(&mut values);
            return Ok(shown(values, Vec::new(), None, StatusCode::OK));
        }
        Action::Save | Action::Test => {}
    }
    if !parsed.errors.is_empty() {
        let errors = std::mem::take(&mut parsed.errors);
        return Ok(shown(values, errors, None, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let secrets = SecretChange::Merge(typed);
    let draft = parsed.draft.clone();
    let outcome = match Action::of(&values) {
        Action::Test => match state.service.test_draft(id, &draft, secrets).await {
            Ok(test) => return Ok(shown(values, Vec::new(), Some(test), StatusCode::OK)),
            Err(error) => Err(error),
        },
        _ => match id {
            Some(id) => state.service.update(&actor, id, draft, secrets).await,
            None => state.service.create(&actor, draft, secrets).await,
        },
    };
    match outcome {
        Ok(_) => Ok(back_to_list(Notice::OvenSaved)),
        Err(ServiceError::Invalid(errors)) => {
            let errors = form::locate(&parsed.rows, errors);
            Ok(shown(values, errors, None, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error),
    }
}

/// What a form says beside the values that were typed.
#[derive(Default)]
struct View {
    errors: Vec<FieldError>,
    test: Option<ConnectionTestResult>,
    found: Option<DiscoveryResult>,
}

fn shown(
    cx: &PageContext,
    mode: FormMode,
    kept_secrets: Vec<String>,
    values: FormValues,
    view: View,
    status: StatusCode,
) -> Response {
    (status, Html(render(cx, mode, kept_secrets, values, view))).into_response()
}

fn render(cx: &PageContext, mode: FormMode, kept_secrets: Vec<String>, values: FormValues, view: View) -> String {
    let manifests = connectors::ALL.iter().map(|driver| &driver.manifest).collect();
    let View { errors, test, found } = view;
    pages::oven_form(cx, OvenForm { mode, manifests, values, kept_secrets, errors, test, found })
}

/// The form as it is first shown.
fn fresh(cx: &PageContext, mode: FormMode, draft: &EquipmentDraft) -> Html<String> {
    Html(render(cx, mode, Vec::new(), form::show(draft), View::default()))
}

async fn load(state: &AppState, id: &str) -> Result<(EquipmentDraft, FormMode), ServiceError> {
    let equipment = state.service.equipment(oven_id(id)?).await?;
    Ok((EquipmentDraft::from(&equipment), mode_of(state, equipment).await))
}

async fn mode_of(state: &AppState, equipment: Equipment) -> FormMode {
    // Credentials that cannot be opened any more (another master key) are typed anew, not a reason to lock the form.
    let stored_secrets = state.service.stored_secret_names(equipment.id).await.unwrap_or_default();
    let Equipment { id, name, iot_enabled: enabled, .. } = equipment;
    FormMode::Edit { id, name, enabled, stored_secrets }
}
