import Foundation
import Postgres

extension JobQueue {
    /// Jobs up to which a push of many goes with those of other callers: below it, a COPY's round trips cost more.
    private static let deskMax = 200

    /// Pushes many jobs of one kind in a transaction of its own, durable on return, and wakes a worker.
    ///
    /// All of them or none. Large numbers go by COPY, unless the jobs ask for more than to run: a unique key, a lane, a
    /// quota, other jobs. A lost connection is answered by looking up what arrived, and by pushing again under the same
    /// ids if nothing did.
    ///
    /// - Returns: Their ids, in the order of `parameters`; that of an earlier job where it has the unique key.
    @discardableResult
    public func push<Parameters: JobParameters>(
        contentsOf parameters: [Parameters], options: JobOptions = .init()
    ) async throws -> [JobID] {
        guard !parameters.isEmpty else { return [] }
        let ids = parameters.map { _ in JobID.mint() }
        let queue = options.queue(of: Parameters.self)
        let header = try await batch([(id: JobID, parameters: Parameters, options: JobOptions)](), options)
        if parameters.count <= Self.deskMax {
            let jobs = zip(ids, parameters).map { (id: $0, parameters: $1, options: options) }
            let standing = try await desk.push(try await batch(jobs, options), queue: queue).map(JobID.init(rawValue:))
            await tellMiddleware(ofPushed: parameters, standing) { _ in options }
            return standing
        }
        guard !header.asks else {
            let standing = try await pool.transaction {
                try await push(contentsOf: parameters, options: options, on: $0)
            }
            waker.ring(queue)
            return standing
        }
        do {
            try await copy(parameters, ids, header)
        } catch let error as PostgresError where error.endsConnection {
            // One commit: where the first one arrived, all did.
            if try await !pool.one(JobStatements.exists(ids[0].rawValue)) {
                try await pushAgain(parameters, ids, options)
            }
        }
        await tellMiddleware(ofPushed: parameters, ids) { _ in options }
        waker.ring(queue)
        return ids
    }

    private func copy<Parameters: JobParameters>(
        _ parameters: [Parameters], _ ids: [JobID], _ header: JobStatements.Push
    ) async throws {
        let options = header.options
        try await pool.transaction { transaction in
            var instants: (due: Date?, deadline: Date?) = (nil, nil)
            if header.delay != nil || options.deadline != nil {
                instants = try await transaction.one(
                    JobStatements.instants(delay: header.delay, deadline: options.deadline))
            }
            let (due, deadline) = instants
            // What all of them leave out is not sent: each column costs both sides some time, for every row.
            let isPlain =
                due == nil && deadline == nil && options.brand == nil && options.key == nil && header.trace == nil
            let target =
                isPlain ? JobStatements.plainCopy : due == nil ? JobStatements.hotCopy : JobStatements.laterCopy
            _ = try await transaction.copy(into: target) { rows in
                for (id, parameters) in zip(ids, parameters) {
                    let payload = try Self.encode(parameters)
                    if isPlain {
                        try await rows.row(
                            header.queue, header.kind, id.rawValue, options.priority.rawValue, header.maxTries,
                            payload, header.version)
                    } else if let due {
                        try await rows.row(
                            header.queue, header.kind, id.rawValue, options.priority.rawValue, header.maxTries,
                            options.brand, payload, header.version, options.key, deadline, header.trace, due, "delayed")
                    } else {
                        try await rows.row(
                            header.queue, header.kind, id.rawValue, options.priority.rawValue, header.maxTries,
                            options.brand, payload, header.version, options.key, deadline, header.trace)
                    }
                }
            }
        }
    }

    /// The same jobs under the same ids, in the form that leaves alone what is there already.
    private func pushAgain<Parameters: JobParameters>(
        _ parameters: [Parameters], _ ids: [JobID], _ options: JobOptions
    ) async throws {
        let jobs = zip(ids, parameters).map { (id: $0, parameters: $1, options: options) }
        try await pool.transaction { transaction in
            var rest = jobs[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.pushBatch))
                rest = rest.dropFirst(Self.pushBatch)
                _ = try await transaction.run(JobStatements.push(try await batch(part, options), isRepeated: true))
            }
        }
    }
}
