import Jobs
package import Kernel
import Orders

/// The job that ends a gift which nobody accepted, as it was pushed for each gift before sweeps did this; nobody pushes it any more.
package struct GiftExpire: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "gift.expire"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// Whose gift.
    package let brand: ID<Brand>
    /// Which one.
    package let gift: ID<Gift>

    /// Asks for the end of a gift.
    package init(brand: ID<Brand>, gift: ID<Gift>) {
        self.brand = brand
        self.gift = gift
    }
}

/// The job that cancels a gift which nobody paid for; due when its time is over.
package struct GiftLapse: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "gift.lapse"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// Whose gift.
    package let brand: ID<Brand>
    /// Which one.
    package let gift: ID<Gift>

    /// Asks for the cancelling of a gift.
    package init(brand: ID<Brand>, gift: ID<Gift>) {
        self.brand = brand
        self.gift = gift
    }
}

/// The job that sends a gift which was paid for ahead; due when its time has come.
package struct GiftSend: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "gift.send"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// Whose gift.
    package let brand: ID<Brand>
    /// Which one.
    package let gift: ID<Gift>

    /// Asks for the sending of a gift.
    package init(brand: ID<Brand>, gift: ID<Gift>) {
        self.brand = brand
        self.gift = gift
    }
}

extension Gifts {
    /// Says how the jobs of gifts are done: the ends that the clock brings, and the news of payments, refunds and payouts.
    ///
    /// The process must work the queue `gifts`.
    package func register() {
        queue.registerJob(parameters: OrderPaid.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await send(job, on: tx) }
        }
        queue.registerJob(parameters: OrderRefunded.self, retryStrategy: .ofGifts, timeout: .ofOneGift) {
            job, context in
            try await context.complete { tx in try await noteRefund(job, on: tx) }
        }
        queue.registerJob(parameters: GiftExpire.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await expire(job.gift, brand: job.brand, on: tx) }
            await queue.wake(PaymentReceived.jobQueue)
        }
        queue.registerJob(parameters: GiftSend.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await deliver(job.gift, brand: job.brand, on: tx) }
        }
        queue.registerJob(parameters: CashGiftLook.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await lookAtCash(job, on: tx) }
            await queue.wake(PaymentReceived.jobQueue)
        }
        queue.registerJob(parameters: PayoutEnded.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await notePayout(job, on: tx) }
            await queue.wake(PaymentReceived.jobQueue)
        }
        queue.registerJob(parameters: GiftGuarantee.self, retryStrategy: .ofGifts, timeout: .ofOneGift) {
            job, context in
            try await context.complete { tx in try await guarantee(job.gift, brand: job.brand, on: tx) }
        }
        queue.registerJob(parameters: GiftLapse.self, retryStrategy: .ofGifts, timeout: .ofOneGift) { job, context in
            try await context.complete { tx in try await lapse(job.gift, brand: job.brand, on: tx) }
        }
    }
}

extension JobRetryStrategy where Self == ExponentialJitter {
    /// A night without a database must not leave a gift without its end; the number of tries is bounded all the same.
    static var ofGifts: Self {
        .exponentialJitter(maxAttempts: 100, minBackoff: .seconds(1), maxBackoff: .seconds(600))
    }
}

extension Duration {
    /// A job is one transaction of a dozen statements.
    static var ofOneGift: Duration { .seconds(60) }
}
