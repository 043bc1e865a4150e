import Foundation
import Hosting
import Ingest
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

@Suite struct IngestBuildTests {
    @Test func openAPI_describesExactlyWhatIsServed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)

        let application = try await build(
            IngestBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        #expect(application.documentationGaps == [])
        await application.pool.shutdown()
    }

    @Test func o12_endpointsOfIngest_areAllInTheTable() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)
        let application = try await build(
            IngestBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        #expect(try AccessTable(of: "siyu-ingest").gaps(application.routes) == [])
        await application.pool.shutdown()
    }
}
