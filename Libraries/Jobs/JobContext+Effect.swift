import Foundation
import Logging
import Postgres

extension JobContext {
    /// Makes a call to a provider of which it can remain unknown whether it was done, and never makes it blindly twice.
    ///
    /// That the call is intended is durable before it is made. Once the provider answered, later runs get its answer without
    /// a call. Where no answer came — a time-out, a lost connection, a lost process — the job sleeps, and its next run asks
    /// the provider under the same key what became of it; it does so again, with growing pauses that cost no try, until the
    /// provider knows, or until the patience is used up: then the job is discarded, and goes on asking if it is retried.
    ///
    /// - Parameters:
    ///   - step: Names the call within the job: 1 to 31 lower-case letters, digits and hyphens.
    ///   - patience: How long to wait between the questions.
    ///   - perform: Makes the call. Throws ``EffectFailure`` where its outcome is known; any other error leaves it unknown. It
    ///     gives the key to the provider as the request's own number.
    ///   - query: Asks what became of the call of this key. An error counts as ``EffectFinding/stillUnknown``.
    /// - Returns: What the provider answered, to this run or to an earlier one.
    /// - Throws: ``EffectFailure``; ``JobSleep`` while the outcome is unknown, which handlers let pass;
    ///   ``JobFailure/permanent(_:)`` when the patience is used up; ``JobError/leaseLost``.
    public func effect<Answer: Codable & Sendable>(
        step: String, patience: EffectPatience = .days, perform: (EffectKey) async throws -> Answer,
        query: (EffectKey) async throws -> EffectFinding<Answer>
    ) async throws -> Answer {
        precondition(EffectKey.isStep(step), "a step is named by 1 to 31 lower-case letters, digits and hyphens")
        let key = EffectKey(job: id, step: step, runNumber: runNumber)
        let (move, looks) = try await open(key)
        switch move {
        case .answer(let bytes): return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        case .refuse(let reason): throw EffectFailure.refused(reason)
        case .call: return try await call(key, looks: looks, patience, perform)
        case .ask: break
        }

        let finding: EffectFinding<Answer>
        var doubt = "the provider does not know yet"
        do {
            finding = try await query(key)
        } catch {
            // A question that a shutdown cut off says nothing about the provider.
            try Task.checkCancellation()
            doubt = error.storedDescription
            finding = .stillUnknown
        }
        switch finding {
        case .done(let answer):
            try await note(key, .done, answer: try JSONEncoder().encode(answer))
            return answer
        case .refused(let reason):
            try await note(key, .refused, reason: reason)
            throw EffectFailure.refused(reason)
        case .neverArrived:
            try await transaction { transaction in
                try await transaction.execute(
                    EffectStatements.intendAgain(id.rawValue, step: step, run: run.job.runNumber))
            }
            return try await call(key, looks: looks, patience, perform)
        case .stillUnknown:
            try await note(key, .unknown, reason: doubt, looked: true)
            throw wait(key, looks: looks + 1, patience)
        }
    }

    /// Commits the intent of a new step; for one that is known, says what to do about it.
    private func open(_ key: EffectKey) async throws -> (JobEffect.Move, looks: Int) {
        try await transaction { transaction in
            let (isNew, known) = try await transaction.pipeline(
                EffectStatements.intend(id.rawValue, step: key.step, run: run.job.runNumber),
                EffectStatements.known(id.rawValue, step: key.step))
            let move = JobEffect.Move.decide(isNew: !isNew.isEmpty, known.first)
            if move == .call, isNew.isEmpty {
                try await transaction.execute(
                    EffectStatements.intendAgain(id.rawValue, step: key.step, run: run.job.runNumber))
            }
            return (move, known.first?.looks ?? 0)
        }
    }

    private func call<Answer: Codable & Sendable>(
        _ key: EffectKey, looks: Int, _ patience: EffectPatience, _ perform: (EffectKey) async throws -> Answer
    ) async throws -> Answer {
        // Time has passed since the intent was committed: whoever was stopped meanwhile must not call any more.
        guard run.lease.isHeld else { throw JobError.leaseLost }
        let answer: Answer
        do {
            answer = try await perform(key)
        } catch let error as EffectFailure {
            switch error {
            case .refused(let reason): try await note(key, .refused, reason: reason)
            case .neverSent(let reason): try await note(key, .open, reason: reason)
            }
            throw error
        } catch {
            try await note(key, .unknown, reason: error.storedDescription)
            throw wait(key, looks: looks, patience)
        }
        try await note(key, .done, answer: try JSONEncoder().encode(answer))
        return answer
    }

    private func note(
        _ key: EffectKey, _ state: JobEffect.State, answer: Data? = nil, reason: String? = nil, looked: Bool = false
    ) async throws {
        // PostgreSQL's text holds no NUL.
        let words = reason.map { String($0.filter { $0 != "\0" }.prefix(1_000)) }
        let statement = EffectStatements.note(
            id.rawValue, step: key.step, run: run.job.runNumber, state: state, answer: answer.map(Array.init),
            reason: words, looked: looked)
        // What the provider said is worth writing down also when the job was cancelled meanwhile, and a cancelled task cannot
        // talk to the database.
        try await Task { _ = try await transaction { try await $0.execute(statement) } }.value
    }

    private func wait(_ key: EffectKey, looks: Int, _ patience: EffectPatience) -> any Error {
        guard looks < patience.pauses.count else {
            return JobFailure.permanent(
                "what became of the step \(key.step) is unknown after \(looks) questions: ask the provider about \(key)"
            )
        }
        logger.warning(
            "the outcome of a call is unknown; its provider will be asked",
            metadata: ["jobs.step": "\(key.step)", "jobs.looks": "\(looks)"])
        return JobSleep(for: patience.pauses[looks])
    }
}

extension JobQueue {
    /// The calls to providers that a job made or meant to make.
    public func effects(of id: JobID) async throws -> [JobEffect] {
        try await pool.run(EffectStatements.effects(of: id.rawValue))
    }

    /// The calls whose outcome has not been known for a time, longest untouched first: what operators should look at.
    public func unsettledEffects(for age: Duration = .seconds(900), limit: Int = 100) async throws -> [JobEffect] {
        try await pool.run(EffectStatements.unsettled(for: age, limit: Int32(min(max(limit, 0), 1_000))))
    }
}
