import Foundation
import Hosting
import Kernel
import Keys
import Postgres
import Reports
import TestSupport
import Testing

@Suite struct ReportsBuildTests {
    @Test func openAPI_describesExactlyWhatIsServed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)
        var settings = ServiceSettings(name: "siyu-reports", port: 0)
        settings.databaseURL = "host=/nonexistent"
        settings.databaseDirectURL = settings.databaseURL
        settings.keysFolder = folder

        let application = try await build(settings, logger: .silent)

        #expect(application.documentationGaps == [])
        #expect(try AccessTable(of: "siyu-reports").gaps(application.routes) == [])
        await application.pool.shutdown()
    }
}
