//! `GET|POST /api/orders`

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use api_metrics::ErrorDetail;
use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::AppState;

/// The latest orders; older ones are forgotten, so that the demo may run for weeks.
#[derive(Debug, Default)]
pub(crate) struct Orders(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    latest: VecDeque<Order>,
    next: u64,
}

const KEPT: usize = 50;

/// An order as it is stored and shown.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Order {
    id: u64,
    item: String,
    quantity: u32,
}

/// An order as it is placed.
#[derive(Debug, Deserialize)]
pub(super) struct NewOrder {
    item: String,
    quantity: u32,
}

impl Orders {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn list(State(state): State<AppState>) -> Json<Vec<Order>> {
    Json(state.orders.book().latest.iter().cloned().collect())
}

pub(super) async fn create(
    State(state): State<AppState>,
    Json(new): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Response> {
    if new.quantity == 0 {
        let item: String = new.item.chars().take(100).collect();
        let detail = ErrorDetail::new(format!("the quantity of \"{item}\" must be above 0"))
            .with_type("invalid_quantity");
        let answer = (
            StatusCode::UNPROCESSABLE_ENTITY,
            Extension(detail),
            "quantity must be above 0\n",
        );
        return Err(answer.into_response());
    }
    let mut book = state.orders.book();
    book.next += 1;
    let order = Order {
        id: book.next,
        item: new.item.chars().take(100).collect(),
        quantity: new.quantity,
    };
    if book.latest.len() == KEPT {
        book.latest.pop_front();
    }
    book.latest.push_back(order.clone());
    Ok((StatusCode::CREATED, Json(order)))
}
