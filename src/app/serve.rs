//! The HTTP server around the house.

use std::net::TcpListener;
use std::sync::OnceLock;

use actix_web::{App, HttpServer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::routes::House;
use crate::store::StoreError;

/// Connections that may be open at once, for each worker.
const CONNECTIONS_MAX: usize = 4096;

/// Figures of this process; the recorder is global, so there is one.
pub fn figures() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).clone()
}

/// Serves until the process is told to stop.
pub fn run(house: House, listener: TcpListener, workers: usize) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Setup(format!("server: {error}"));
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || {
            let house = house.clone();
            App::new().configure(move |config| house.configure(config))
        })
        .workers(workers.max(1))
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(10)
        .listen(listener)
        .map_err(failed)?
        .run()
        .await
        .map_err(failed)
    })
}
