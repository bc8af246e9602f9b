//! A certificate as a page: what it says, whether it still stands, its address as a QR code, its signed text.
//!
//! The page is public by its random address: whoever was handed the paper may look.

use actix_web::web;
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use super::{Frame, Shown, regions, see_other, show};
use crate::base::Moment;
use crate::base::id::AnswerId;
use crate::gates::certificate::actions::{self, CertificateStatus, Standing};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![
        Route::form("/gates/answers/{answer}/certificate", Access::Holds(Verb::AskGates), "Certify an answer", || {
            web::post().to(issue)
        }),
        Route::page("/certificates/{token}", Access::Public, "A certificate, and whether it still stands", || {
            web::get().to(page)
        }),
    ]
}

async fn issue(form: Form, answer: web::Path<AnswerId>) -> Shown {
    let id = answer.into_inner();
    let row = form.write(Verb::AskGates, move |tx, ctx| actions::issue(tx, ctx, id)).await?;
    Ok(see_other(&format!("/certificates/{}", row.token)))
}

#[derive(Template)]
#[template(path = "console/certificates/page.html")]
struct CertificatePage {
    f: Frame,
    told: CertificateStatus,
    region: String,
    issued_at: Moment,
    expires_at: Moment,
    /// The address as a picture; none where the service does not know under which http address people reach it.
    qr: Option<String>,
}

impl CertificatePage {
    fn badge(&self) -> &'static str {
        match self.told.claims.verdict.as_str() {
            "clear" => "good",
            "blocked" => "bad",
            "advise" | "restriction_proposed" => "warn",
            _ => "unknown",
        }
    }

    fn standing(&self) -> (&'static str, &'static str, &'static str) {
        match self.told.standing {
            Standing::Valid => ("good", "有效", "It stands."),
            Standing::Expired => ("warn", "已过有效期，请重新提问", "It has expired; ask the gate again."),
            Standing::Superseded => {
                ("bad", "同一事项已有新的不同答复，本证明不再有效", "A newer answer says otherwise; it stands no more.")
            }
        }
    }
}

/// Whether a phone that reads the address can open it.
pub(super) fn is_reachable(address: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| address.starts_with(scheme))
}

/// The address as a picture that a phone reads.
pub(super) fn qr_of(address: &str) -> Result<String, Problem> {
    let code = QrCode::new(address.as_bytes()).map_err(|error| Problem::internal(&error.to_string()))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(160, 160).quiet_zone(true).build();
    // The declaration belongs to a file of its own; inside a page only the element counts.
    Ok(picture.split_once("?>").map_or(picture.clone(), |(_, element)| element.to_owned()))
}

async fn page(visit: Visit, token: web::Path<String>) -> Shown {
    let token = token.into_inner();
    let told = visit.read(move |conn, visit| actions::status(conn, &visit.ctx, &token)).await?;
    let at = |seconds: i64| Moment(seconds.saturating_mul(1_000_000));
    show(&CertificatePage {
        f: Frame::of(&visit),
        region: format!("{} {}", regions::name(told.claims.region), told.claims.region),
        issued_at: at(told.claims.iat),
        expires_at: at(told.claims.exp),
        qr: Some(&told.claims.status).filter(|status| is_reachable(status)).map(|status| qr_of(status)).transpose()?,
        told,
    })
}
