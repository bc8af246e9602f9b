//! `/api/v1/gates/answers/{answer}/certificate` and `/api/v1/certificates/{token}`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::actions::{self, CertificateStatus};
use super::table::CertificateRow;
use crate::base::Moment;
use crate::base::id::AnswerId;
use crate::web::{Access, Call, Problem, Route, Verb};

/// The routes of certificates.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/gates/answers/{answer}/certificate",
            Access::Holds(Verb::AskGates),
            "The signed certificate of an answer",
            || web::post().to(issue),
        )
        .creates::<Certificate>(),
        Route::get("/api/v1/certificates/{token}", Access::Public, "Whether a certificate still stands", || {
            web::get().to(status)
        })
        .gives::<CertificateStatus>(),
    ]
}

/// A certificate as given out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Certificate {
    answer: AnswerId,
    /// Compact JWS, EdDSA; the keys are at /.well-known/jwks.json.
    signed: String,
    /// Part of the address that tells whether it still stands.
    token: String,
    kid: String,
    issued_at: Moment,
    expires_at: Moment,
}

impl From<CertificateRow> for Certificate {
    fn from(row: CertificateRow) -> Self {
        let CertificateRow { answer_id, signed, token, kid, issued_at, expires_at, .. } = row;
        Self { answer: answer_id, signed, token, kid, issued_at, expires_at }
    }
}

async fn issue(call: Call, answer: web::Path<AnswerId>) -> Result<impl Responder, Problem> {
    let id = answer.into_inner();
    call.write(StatusCode::CREATED, move |tx, ctx| actions::issue(tx, ctx, id).map(Certificate::from)).await
}

async fn status(call: Call, token: web::Path<String>) -> Result<impl Responder, Problem> {
    let token = token.into_inner();
    call.read(move |conn, ctx| actions::status(conn, ctx, &token)).await
}
