//! Two futures, and what the first of them says. The other one is dropped, which is how waits are called off here.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

/// Which future was first.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for either; the left one wins a tie. Not an `async fn`, which would be half a kilobyte more for each use.
pub(crate) fn race<A, B>(
    left: impl Future<Output = A>,
    right: impl Future<Output = B>,
) -> impl Future<Output = First<A, B>> {
    let (mut left, mut right) = (Box::pin(left), Box::pin(right));
    poll_fn(move |context| {
        if let Poll::Ready(result) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(result));
        }
        right.as_mut().poll(context).map(First::Right)
    })
}
