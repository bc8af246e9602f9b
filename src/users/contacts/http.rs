//! `/api/v1/me/email`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Email;
use super::actions::{self, Contact};
use crate::web::{Access, Body, Call, Lang, Problem, Route};

/// The routes of contacts.
pub fn routes() -> Vec<Route> {
    let summary = "Set my e-mail address and language; null takes the address away";
    vec![
        Route::post("/api/v1/me/email", Access::Myself, summary, || web::post().to(set))
            .takes::<SetContact>()
            .gives::<ContactView>(),
    ]
}

/// Where I want to be written to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetContact {
    /// Address; null for none.
    email: Option<String>,
    /// zh or en.
    language: Lang,
}

/// Where I am written to; the address is masked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactView {
    /// Masked address; null where none was given.
    pub email: Option<String>,
    /// zh or en.
    pub language: Lang,
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        Self { email: contact.email.map(|email| email.masked()), language: contact.language }
    }
}

async fn set(call: Call, body: Body<SetContact>) -> Result<impl Responder, Problem> {
    let SetContact { email, language } = body.0;
    let email = email.map(|text| Email::parse(&text)).transpose();
    let email = email.map_err(|error| Problem::unreadable("email", &error))?;
    let contact = Contact { email, language };
    call.write(StatusCode::OK, move |tx, ctx| {
        let user = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
        actions::set(tx, ctx, user, &contact)?;
        Ok(ContactView::from(contact.clone()))
    })
    .await
}
