import Testing

@testable import SyncProtocol

@Suite("Endpoint table")
struct EndpointTests {
    @Test func noTwoEndpointsShareAMethodAndAPath() {
        let routes = Endpoint.allCases.map { "\($0.traits.method.rawValue) \($0.traits.path)" }
        #expect(Set(routes).count == routes.count)
    }

    @Test func theDocumentedAddressesAreThere() {
        let routes = Set(Endpoint.allCases.map { "\($0.traits.method.rawValue) \($0.traits.path)" })
        let promised = [
            "GET /api/sync/check", "POST /api/sync/check", "GET /api/sync/status", "GET /api/health",
            "POST /api/sync/v1/transfers", "POST /api/sync/v1/transfers/{id}/diff",
            "POST /api/sync/v1/transfers/{id}/schema",
            "POST /api/sync/v1/transfers/{id}/plan", "PUT /api/sync/v1/transfers/{id}/batches/{n}",
            "GET /api/sync/v1/transfers/{id}/batches/{n}", "POST /api/sync/v1/transfers/{id}/commit",
            "POST /api/sync/v1/transfers/{id}/acknowledge", "POST /api/sync/v1/transfers/{id}/renew",
            "POST /api/sync/v1/transfers/{id}/rollback", "POST /api/sync/v1/transfers/{id}/rows",
            "POST /api/sync/v1/transfers/{id}/outputs", "POST /api/sync/v1/transfers/{id}/expected",
            "POST /api/sync/v1/held", "GET /api/sync/v1/condition",
            "GET /api/sync/v1/transfers/{id}", "DELETE /api/sync/v1/transfers/{id}",
            "GET /api/content/items/{model}", "GET /api/content/item/{model}", "GET /api/content/item/{model}/{id}",
            "GET /api/pages/pages", "GET /api/pages/page/{id}", "GET /api/pages/menus", "GET /api/pages/menu/{name}",
            "GET /api/pages/routes", "GET /api/pages/settings", "GET /api/layout/components",
            "GET /api/lokalize/project/{name}", "GET /api/lokalize/project/{name}/{locale}",
            "GET /api/sync/v1/transfers/{id}/blobs", "POST /api/sync/v1/blobs/missing",
            "POST /api/sync/v1/blobs/read", "PATCH /api/sync/v1/blobs",
            "GET /api/assets/{id}", "GET /api/assets/{id}/file", "GET /storage/uploads/**", "POST /api/assets",
            "DELETE /api/assets/{id}", "* /api/x/**", "GET /metrics",
        ]
        #expect(routes == Set(promised))
    }

    @Test func whateverTouchesATransferNeedsAToken() {
        for endpoint in Endpoint.allCases where endpoint.traits.path.contains("/v1/") {
            guard case .token(let need) = endpoint.traits.access else {
                Issue.record("\(endpoint) needs no token")
                continue
            }
            #expect(need != .read, "\(endpoint) needs more than the right to read")
        }
    }

    @Test func whatChangesWhatReadersSeeUsesUpItsToken() {
        let used = Endpoint.allCases.filter { $0.traits.repetition == .newToken }
        #expect(used == [.openTransfer, .commit, .rollback])
        // Whoever overhears the words about a file must not bring other bytes with them.
        for endpoint in Endpoint.allCases where endpoint.traits.files == .followFirstLine {
            #expect(endpoint.traits.repetition == .newTokenHere)
        }
    }

    /// Whichever way a transfer goes, who may only push gets to see no item from here.
    @Test func whateverShowsItemsNeedsTheRightToPull() {
        let showing = Endpoint.allCases.filter { ["batch", "OutputPage", "PlannedPage"].contains($0.traits.answers) }
        #expect(showing == [.readBatch, .listPlanned, .readOutputs])
        for endpoint in showing { #expect(endpoint.traits.access == .token(.pull), "\(endpoint)") }
    }

    @Test func whateverAnAPIKeyMayChangeNeedsTheRightToWrite() {
        for endpoint in Endpoint.allCases {
            guard case .apiKey(let right) = endpoint.traits.access else { continue }
            #expect((right == .read) == (endpoint.traits.method == .get), "\(endpoint)")
        }
    }

    @Test func theRightToWriteIncludesTheRightToRead() {
        #expect(APIKeyRight.write.includes(.read) && APIKeyRight.write.includes(.write))
        #expect(APIKeyRight.read.includes(.read) && !APIKeyRight.read.includes(.write))
    }

    @Test func pathsTakeValuesInOrderAndEscapeThem() {
        #expect(Endpoint.stageBatch.path("0190-ab", "7") == "/api/sync/v1/transfers/0190-ab/batches/7")
        #expect(Endpoint.listItems.path("blog/posts") == "/api/content/items/blog%2Fposts")
        #expect(Endpoint.readItem.path("a b", "../x?y") == "/api/content/item/a%20b/..%2Fx%3Fy")
        #expect(Endpoint.openTransfer.path() == "/api/sync/v1/transfers")
    }
}
