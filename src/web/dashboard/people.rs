//! `/stats/people`: an owner adds people, changes what they may do, makes new passwords, and removes them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::person::{PersonName, Role, RoleError};
use crate::domain::session::Holder;
use crate::service::accounts::people::PersonError;
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::dashboard::access_templates::{PeoplePage, PersonRow};
use crate::web::dashboard::sign_in::{SignedIn, signed_in};
use crate::web::extract::csrf;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/people";

/// `GET /stats/people`.
pub(crate) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    page(&app, &signed_in(&request, &app).await?, Shown::default()).await
}

/// `POST /stats/people`: `name`, `role`, and `password` or nothing.
pub(crate) async fn add(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let role = role(form.text("role"))?;
    let name = form.text("name");
    match app.people.add(&form.signed_in.site.id, name, role, form.password("password")).await {
        Ok((_, None)) => Ok(html::see_other(&form.signed_in.page.link(PATH))),
        Ok((person, Some(password))) => {
            let made = Some((person.name.to_string(), password));
            page(&app, &form.signed_in, Shown { made, ..Shown::default() }).await
        }
        Err(error @ (PersonError::Invalid(_) | PersonError::Taken)) => {
            let (status, error) = refused(&error, &form.signed_in.page);
            let shown = Shown { error: Some(error), name: name.to_owned(), ..Shown::default() };
            let mut answer = page(&app, &form.signed_in, shown).await?;
            *answer.status_mut() = status;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /stats/people/role`: `person`, `role`.
pub(crate) async fn change_role(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let role = role(form.text("role"))?;
    let changed = app.people.change_role(&form.signed_in.site.id, form.text("person"), role).await?;
    changed.map(|_| html::see_other(&form.signed_in.page.link(PATH))).ok_or(Problem::NotFound)
}

/// `POST /stats/people/password`: `person` gets a new password, which is shown once.
pub(crate) async fn new_password(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let changed = app.people.change_password(&form.signed_in.site.id, form.text("person"), None).await?;
    let (person, made) = changed.ok_or(Problem::NotFound)?;
    let made = made.map(|password| (person.name.to_string(), password));
    page(&app, &form.signed_in, Shown { made, ..Shown::default() }).await
}

/// `POST /stats/people/remove`: `person`.
pub(crate) async fn remove(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let removed = app.people.remove(&form.signed_in.site.id, form.text("person")).await?;
    if removed { Ok(html::see_other(&form.signed_in.page.link(PATH))) } else { Err(Problem::NotFound) }
}

/// What the page shows once, after a form.
#[derive(Default)]
struct Shown {
    made: Option<(String, String)>,
    error: Option<String>,
    name: String,
}

async fn page(app: &AppState, signed_in: &SignedIn, shown: Shown) -> Result<HttpResponse, Problem> {
    signed_in.owner()?;
    let own = own_name(signed_in);
    let people = app.people.of_site(&signed_in.site.id).await?;
    let rows = people.into_iter().map(|person| PersonRow {
        owner: person.role == Role::Owner,
        own: own == Some(&person.name),
        name: person.name.to_string(),
    });
    let Shown { made, error, name } = shown;
    let (page, site) = (signed_in.page.clone().at("/stats/people"), signed_in.site.name.clone());
    html::page(&PeoplePage { page, site, people: rows.collect(), made, error, name })
}

/// The person who is signed in; nobody where the key is.
pub(crate) fn own_name(signed_in: &SignedIn) -> Option<&PersonName> {
    match &signed_in.session.holder {
        Holder::Person(name, _) => Some(name),
        Holder::Key(_) => None,
    }
}

/// What a page says of a person that was refused.
pub(crate) fn refused(error: &PersonError, page: &Page) -> (StatusCode, String) {
    match error {
        PersonError::Taken => (StatusCode::CONFLICT, page.say("people-taken").to_string()),
        PersonError::Invalid(params) => (StatusCode::UNPROCESSABLE_ENTITY, in_words(params, page)),
        PersonError::Busy(_) | PersonError::Store(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, page.say("people-busy").to_string())
        }
    }
}

/// What is wrong with a form, in sentences.
pub(crate) fn in_words(params: &[InvalidParam], page: &Page) -> String {
    let sentence = |param: &InvalidParam| {
        let message = match param.name.as_str() {
            "" => page.say("form-wrong-now"),
            "expires_at" => page.say("form-wrong-last-day"),
            name => page.say("form-wrong").text("name", page.say(format!("field-{name}"))),
        };
        message.text("reason", page.language.reason(&param.reason)).to_string()
    };
    params.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

fn role(text: &str) -> Result<Role, Problem> {
    let role: Result<Role, RoleError> = text.parse();
    role.map_err(|error| Problem::invalid(vec![InvalidParam::new("role", error)]))
}
