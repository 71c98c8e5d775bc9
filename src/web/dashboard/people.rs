//! `/stats/people`: an owner adds people, changes what they may do, makes new passwords, and removes them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::domain::person::{PersonName, Role, RoleError};
use crate::domain::session::Holder;
use crate::service::accounts::people::PersonError;
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::dashboard::access_templates::{PeoplePage, PersonRow};
use crate::web::extract::form::{FormFields, FromForm, OwnerForm};
use crate::web::extract::owner::Owner;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/people";

/// A person to be added.
pub(crate) struct NewPerson {
    name: String,
    role: Role,
    password: Option<String>,
}

impl FromForm for NewPerson {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let password = fields.password("password").map(str::to_owned);
        Ok(Self { name: fields.text("name").to_owned(), role: role(fields.text("role"))?, password })
    }
}

/// A person's new role.
pub(crate) struct NewRole {
    person: String,
    role: Role,
}

impl FromForm for NewRole {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self { role: role(fields.text("role"))?, person: fields.text("person").to_owned() })
    }
}

/// A person whom a button is about.
pub(crate) struct ChosenPerson(String);

impl FromForm for ChosenPerson {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self(fields.text("person").to_owned()))
    }
}

/// `GET /stats/people`.
pub(crate) async fn list(owner: Owner, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    page(&app, &owner, Shown::default()).await
}

/// `POST /stats/people`: `name`, `role`, and `password` or nothing.
pub(crate) async fn add(
    OwnerForm { owner, form }: OwnerForm<NewPerson>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let NewPerson { name, role, password } = form;
    match app.people.add(&owner.site.id, &name, role, password.as_deref()).await {
        Ok((_, None)) => Ok(html::see_other(&owner.page.link(PATH))),
        Ok((person, Some(password))) => {
            let made = Some((person.name.to_string(), password));
            page(&app, &owner, Shown { made, ..Shown::default() }).await
        }
        Err(error @ (PersonError::Invalid(_) | PersonError::Taken)) => {
            let (status, error) = refused(&error, &owner.page);
            let mut answer =
                page(&app, &owner, Shown { error: Some(error), name, ..Shown::default() }).await?;
            *answer.status_mut() = status;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /stats/people/role`: `person`, `role`.
pub(crate) async fn change_role(
    OwnerForm { owner, form }: OwnerForm<NewRole>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let changed = app.people.change_role(&owner.site.id, &form.person, form.role).await?;
    changed.map(|_| html::see_other(&owner.page.link(PATH))).ok_or(Problem::NotFound)
}

/// `POST /stats/people/password`: `person` gets a new password, which is shown once.
pub(crate) async fn new_password(
    OwnerForm { owner, form: ChosenPerson(person) }: OwnerForm<ChosenPerson>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let changed = app.people.change_password(&owner.site.id, &person, None).await?;
    let (person, made) = changed.ok_or(Problem::NotFound)?;
    let made = made.map(|password| (person.name.to_string(), password));
    page(&app, &owner, Shown { made, ..Shown::default() }).await
}

/// `POST /stats/people/remove`: `person`.
pub(crate) async fn remove(
    OwnerForm { owner, form: ChosenPerson(person) }: OwnerForm<ChosenPerson>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let removed = app.people.remove(&owner.site.id, &person).await?;
    if removed { Ok(html::see_other(&owner.page.link(PATH))) } else { Err(Problem::NotFound) }
}

/// What the page shows once, after a form.
#[derive(Default)]
struct Shown {
    made: Option<(String, String)>,
    error: Option<String>,
    name: String,
}

async fn page(app: &AppState, owner: &Owner, shown: Shown) -> Result<HttpResponse, Problem> {
    let own = own_name(owner);
    let people = app.people.of_site(&owner.site.id).await?;
    let rows = people.into_iter().map(|person| PersonRow {
        owner: person.role == Role::Owner,
        own: own == Some(&person.name),
        name: person.name.to_string(),
    });
    let Shown { made, error, name } = shown;
    let (page, site) = (owner.page.clone().at(PATH), owner.site.name.clone());
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
