//! A person's visit to a page: who looks, in which language, what they may do. The pages' counterpart of a [`super::Call`].
//!
//! A page asks for one verb to be opened; what it shows beyond that (money, workers, orders) it asks for by [`Visit::able`].

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::lang::Lang;
use super::{Ctx, Grant, Problem, Scope, Verb, extract};
use crate::base::id::{self, UserId};
use crate::store::AnyConn;

/// Somebody who is logged in in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The user.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// Login.
    pub login: String,
    /// What they may do, where.
    pub grants: Vec<Grant>,
    /// The token that their forms carry.
    pub form_token: String,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// A request for a page that has passed the access gate.
#[derive(Clone)]
pub struct Visit {
    /// When, with what; its scope is narrowed to the route's verb.
    pub ctx: Ctx,
    /// The language of the page.
    pub lang: Lang,
    /// Who is logged in, if anybody.
    pub visitor: Option<Arc<Visitor>>,
    /// Path and query of this page, for the way back to it.
    pub here: String,
    /// Path of the page that led here, on this server only.
    pub came_from: Option<String>,
}

impl Visit {
    /// The context for another verb than the route's; `None` where the visitor may not.
    pub fn able(&self, verb: Verb) -> Option<Ctx> {
        let visitor = self.visitor.as_ref()?;
        let scope = Scope::narrow(visitor.user.to_string(), Some(visitor.user), &visitor.grants, verb)?;
        Some(Ctx { scope, ..self.ctx.clone() })
    }

    /// As [`Visit::able`], refused where the visitor may not.
    ///
    /// # Errors
    /// `not_allowed`.
    pub fn need(&self, verb: Verb) -> Result<Ctx, Problem> {
        self.able(verb).ok_or_else(Problem::not_allowed)
    }

    /// The text of the page's language.
    pub fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(zh, en)
    }

    /// A number for one form, so that an order sent twice is done once.
    pub fn fresh_key(&self) -> String {
        format!("form-{}", id::encode(self.ctx.id()))
    }

    /// Reads on one snapshot.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        F: FnOnce(&mut AnyConn, &Visit) -> Result<T, Problem> + Send + 'static,
        T: Send + 'static,
    {
        let visit = self.clone();
        extract::read(self.ctx.clone(), move |conn, ctx| work(conn, &Visit { ctx: ctx.clone(), ..visit })).await
    }
}

/// The visit as the access gate left it.
pub(super) fn of(request: &HttpRequest) -> Result<Visit, Problem> {
    let visit = request.extensions().get::<Visit>().cloned();
    visit.ok_or_else(|| Problem::internal("a page ran without the access gate"))
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // A page that changes something reads its form by `Form`, which checks the form's token; the bare visit is for looking.
        let looks = matches!(*request.method(), Method::GET | Method::HEAD);
        std::future::ready(if looks { of(request) } else { Err(Problem::internal("a form was taken without its token")) })
    }
}
