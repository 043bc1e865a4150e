import Foundation
import Hosting
import Kernel
import Keys
import Postgres
import Redeem
import TestSupport
import Testing

@Suite struct RedeemBuildTests {
    @Test func openAPI_describesExactlyWhatIsServed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)

        let application = try await build(
            RedeemBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        #expect(application.documentationGaps == [])
        await application.pool.shutdown()
    }

    @Test func o12_endpointsOfRedeem_areAllInTheTable() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)
        let application = try await build(
            RedeemBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        #expect(try AccessTable(of: "siyu-redeem").gaps(application.routes) == [])
        await application.pool.shutdown()
    }
}
