internal import ContentModel

/// Every request that an instance answers: the one table from which the server's routes, the client's requests and
/// the reference are made.
public enum Endpoint: String, Sendable, CaseIterable {
    case reach, checkKey, status, health
    case openTransfer, listHeld, surveySchema, makePlan, stageBatch, readBatch, commit, acknowledge, renewLease
    case transferState, rollback, abandon, readHeld, readCondition, listPlanned, readOutputs, expectRows
    case listBlobs, findMissingBlobs, readBlobs, appendBlobs
    case listItems, readSingleton, readItem
    case listPages, readPage, listMenus, readMenu, readRoutes, readPageSettings, listComponents
    case readTranslations, readLocale
    case readAsset, readAssetFile, readUpload, addAsset, removeAsset
    case scripted, metrics

    /// The row of the table.
    public var traits: Traits {
        switch self {
        case .reach: Traits(.get, "/api/sync/check", .anyone, answers: "CheckAnswer")
        case .checkKey: Traits(.post, "/api/sync/check", .keyInBody, takes: "CheckKey", answers: "CheckAnswer")
        case .status: Traits(.get, "/api/sync/status", .tokenOrAPIKey, answers: "StatusAnswer")
        case .health: Traits(.get, "/api/health", .anyone, answers: "HealthAnswer")
        case .openTransfer:
            Traits(
                .post, Self.transfers, .token(.transfer), .newToken, takes: "OpenTransfer", answers: "TransferOpened")
        case .listHeld:
            Traits(.post, Self.transfer + "/diff", .token(.push), takes: "ListHeld", answers: "HeldPage")
        case .surveySchema:
            // What breaks says something of the items here.
            Traits(
                .post, Self.transfer + "/schema", .token(.pull), takes: "SurveySchema", answers: "SchemaPage")
        case .makePlan:
            Traits(.post, Self.transfer + "/plan", .token(.pull), takes: "MakePlan", answers: "PlanAnswer")
        case .stageBatch:
            Traits(.put, Self.transfer + "/batches/{n}", .token(.push), takes: "batch", answers: "BatchReceipt")
        case .readBatch: Traits(.get, Self.transfer + "/batches/{n}", .token(.pull), answers: "batch")
        case .commit:
            Traits(
                .post, Self.transfer + "/commit", .token(.push), .newToken, takes: "CommitTransfer",
                answers: "CommitResult")
        case .rollback:
            Traits(
                .post, Self.transfer + "/rollback", .token(.push), .newToken, takes: "RollBackTransfer",
                answers: "RollbackResult")
        case .acknowledge: Traits(.post, Self.transfer + "/acknowledge", .token(.pull), takes: "CommitResult")
        case .renewLease:
            Traits(.post, Self.transfer + "/renew", .token(.push), takes: "RenewLease", answers: "LeaseGrant")
        case .transferState: Traits(.get, Self.transfer, .token(.transfer), answers: "TransferState")
        case .abandon: Traits(.delete, Self.transfer, .token(.transfer))
        case .readHeld:
            Traits(.post, "/api/sync/v1/held", .token(.push), takes: "ReadHeld", answers: "DestinationState")
        case .readCondition: Traits(.get, "/api/sync/v1/condition", .token(.transfer), answers: "ConditionAnswer")
        case .listPlanned:
            Traits(.post, Self.transfer + "/rows", .token(.pull), takes: "ListPlanned", answers: "PlannedPage")
        case .readOutputs:
            // Whichever way the transfer goes: what is shown of an item here is what a pull brings.
            Traits(.post, Self.transfer + "/outputs", .token(.pull), takes: "ReadOutputs", answers: "OutputPage")
        case .expectRows: Traits(.post, Self.transfer + "/expected", .token(.pull), takes: "ExpectRows")
        case .listBlobs: Traits(.get, Self.transfer + "/blobs", .token(.pull), answers: "BlobPage")
        case .findMissingBlobs:
            Traits(.post, Self.blobs + "/missing", .token(.push), takes: "FindMissingBlobs", answers: "MissingBlobs")
        case .readBlobs:
            Traits(
                .post, Self.blobs + "/read", .token(.pull), takes: "ReadBlobs", answers: "bytes", files: .areAnswer)
        case .appendBlobs:
            Traits(
                .patch, Self.blobs, .token(.push), .newTokenHere, takes: "AppendBlobs and bytes",
                answers: "BlobProgress",
                files: .followFirstLine)
        case .listItems: Traits(.get, "/api/content/items/{model}", .apiKey(.read), answers: "items")
        case .readSingleton: Traits(.get, "/api/content/item/{model}", .apiKey(.read), answers: "item")
        case .readItem: Traits(.get, "/api/content/item/{model}/{id}", .apiKey(.read), answers: "item")
        case .listPages: Traits(.get, "/api/pages/pages", .apiKey(.read), answers: "items")
        case .readPage: Traits(.get, "/api/pages/page/{id}", .apiKey(.read), answers: "item")
        case .listMenus: Traits(.get, "/api/pages/menus", .apiKey(.read), answers: "items")
        case .readMenu: Traits(.get, "/api/pages/menu/{name}", .apiKey(.read), answers: "item")
        case .readRoutes: Traits(.get, "/api/pages/routes", .apiKey(.read), answers: "ids of pages by their paths")
        case .readPageSettings: Traits(.get, "/api/pages/settings", .apiKey(.read), answers: "item")
        case .listComponents: Traits(.get, "/api/layout/components", .apiKey(.read), answers: "items")
        case .readTranslations: Traits(.get, "/api/lokalize/project/{name}", .apiKey(.read), answers: "translations")
        case .readLocale: Traits(.get, "/api/lokalize/project/{name}/{locale}", .apiKey(.read), answers: "translations")
        case .readAsset: Traits(.get, Self.assets + "/{id}", .apiKey(.read), answers: "asset")
        case .readAssetFile: Traits(.get, Self.assets + "/{id}/file", .apiKey(.read), answers: "file")
        case .readUpload: Traits(.get, Self.uploads + "/**", .apiKey(.read), answers: "file")
        case .addAsset:
            Traits(
                .post, Self.assets, .apiKey(.write), takes: "file, or form with files", answers: "asset, or assets")
        case .removeAsset: Traits(.delete, Self.assets + "/{id}", .apiKey(.write))
        case .scripted: Traits(.any, Self.scripts + "/**", .script, takes: "anything", answers: "anything")
        case .metrics: Traits(.get, "/metrics", .thisMachineOrAPIKey, answers: "Prometheus text")
        }
    }

    private static let transfers = "/api/sync/v1/transfers"
    private static let blobs = "/api/sync/v1/blobs"
    private static let transfer = "/api/sync/v1/transfers/{id}"
    private static let assets = "/api/assets"

    /// Below this path files are served by their paths, as a web server would.
    public static let uploads = "/storage/uploads"

    /// Below this path scripts answer.
    public static let scripts = "/api/x"

    /// The largest body that a request may have, in bytes on the wire.
    public var bodyLimit: Int {
        switch self {
        case .checkKey: Limits.checkBytes
        case .scripted: Limits.scriptedBytes
        case .addAsset: Limits.uploadBytes
        default: Limits.requestBytes
        }
    }
}

extension Endpoint {
    /// The bytes of an answer's body that its signature covers.
    public func signedBytes(ofAnswer body: [UInt8], status: Int) -> [UInt8] {
        bringsFile(status: status) ? [] : body
    }

    /// Whether the body of an answer is bytes of files, which are sent as they are.
    public func bringsFile(status: Int) -> Bool { traits.files == .areAnswer && status == 200 }

    /// What is known about an endpoint. Every request may be repeated without harm (the protocol sees to that);
    /// `repetition` says whether the very same token may be used again.
    public struct Traits: Sendable, Equatable {
        public var method: Method
        /// Path with names in braces where values go, and `**` for any number of segments.
        public var path: String
        public var access: Access
        public var repetition: Repetition
        /// Name of the message in the request body; nil when there is none.
        public var takes: String?
        /// Name of the message in the response body; nil when it is empty.
        public var answers: String?
        public var files: FileBytes

        init(
            _ method: Method, _ path: String, _ access: Access, _ repetition: Repetition = .anyToken,
            takes: String? = nil, answers: String? = nil, files: FileBytes = .none
        ) {
            self.method = method
            self.path = path
            self.access = access
            self.repetition = repetition
            self.takes = takes
            self.answers = answers
            self.files = files
        }
    }

    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        /// Whichever the script is written for.
        case any = "*"
    }

    /// Who may ask.
    public enum Access: Sendable, Equatable {
        case anyone
        /// The documented check: the key itself is in the body.
        case keyInBody
        /// Holders of an API key with this right; anyone may read where the content API is public.
        case apiKey(APIKeyRight)
        case tokenOrAPIKey
        case token(Need)
        /// Callers on this machine, and from elsewhere holders of an API key.
        case thisMachineOrAPIKey
        /// Holders of an API key, or anyone, as the script says.
        case script
    }

    /// Where bytes of files travel. The hash that names a file proves them when it is complete, so neither token nor
    /// signature covers them: they would be hashed three times instead of once.
    public enum FileBytes: Sendable, Equatable {
        case none
        /// Behind the first line of the request's body, which says what they are and is all that the token covers.
        case followFirstLine
        /// They are the whole body of an answer that succeeds, of which the signature covers the rest.
        case areAnswer
    }

    public enum Repetition: Sendable, Equatable {
        /// A token that was seen before is fine: the request changes nothing the second time.
        case anyToken
        /// The token is remembered until it expires; a repetition is signed anew.
        case newToken
        /// Like `newToken`, remembered by the server that saw it alone: what the token does not cover can only be spoilt by
        /// a repetition, not believed.
        case newTokenHere
    }

    /// The path with values in the places of `{…}`, in their order, percent-encoded.
    public func path(_ values: String...) -> String {
        var remaining = values[...]
        let parts = traits.path.split(separator: "/").map { part in
            part.hasPrefix("{") ? remaining.removeFirst().percentEncoded : String(part)
        }
        precondition(remaining.isEmpty, "as many values as places in the path")
        return "/" + parts.joined(separator: "/")
    }
}

extension String {
    /// The text as one segment of a path: all but unreserved characters (RFC 3986, 2.3) escaped.
    var percentEncoded: String {
        var encoded: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default: encoded += Array("%\([byte].hex.uppercased())".utf8)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
