internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.storage`: collections that scripts keep for themselves.
struct StorageService: Sendable {
    let collections: any DocumentCollections
    let limits: HookLimits

    func save(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = StorageCall(.storageSave, arguments, invocation)
        let collection = try call.collection()
        let document = try call.document()
        return try call.wait { [collections] in [try await collections.save(document, in: collection)] }
    }

    func find(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = StorageCall(.storageFind, arguments, invocation)
        let found = try find(call, limit: nil)
        guard found.count <= limits.foundDocuments else {
            throw HostError(
                "\(call.name): more than \(limits.foundDocuments) documents match; use a filter, or limit and skip"
            )
        }
        return [.array(found)]
    }

    func findOne(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        [try find(StorageCall(.storageFindOne, arguments, invocation), limit: 1).first ?? .nil]
    }

    func remove(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = StorageCall(.storageRemove, arguments, invocation)
        let collection = try call.collection()
        guard let filter = try call.filter() else {
            throw HostError("\(call.name): a filter must say what to remove; {} removes everything")
        }
        return [
            .integer(
                Int64(
                    try call.wait { [collections] in try await collections.remove(from: collection, matching: filter) })
            )
        ]
    }

    func count(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = StorageCall(.storageCount, arguments, invocation)
        let collection = try call.collection()
        let filter = try call.filter()
        return [
            .integer(
                Int64(try call.wait { [collections] in try await collections.count(in: collection, matching: filter) }))
        ]
    }

    /// Asks for one more than may come, to tell a full answer from a cut one.
    private func find(_ call: StorageCall, limit: Int?) throws -> [LuaValue] {
        let collection = try call.collection()
        var query = try call.query()
        query.limit = min(limit ?? query.limit ?? .max, limits.foundDocuments + 1)
        return try call.wait { [collections, query] in try await collections.find(in: collection, query) }
    }
}

/// One call of a storage function, and how its arguments read.
struct StorageCall: Sendable {
    let name: String
    private let arguments: [LuaValue]
    private let invocation: Invocation

    init(_ function: HostFunction, _ arguments: [LuaValue], _ invocation: Invocation) {
        name = function.rawValue
        self.arguments = arguments
        self.invocation = invocation
    }

    private var second: LuaValue { arguments.count > 1 ? arguments[1] : .nil }

    func collection() throws -> String {
        guard let collection = arguments.first?.text, (try? Kind.content(collection)) != nil else {
            throw HostError(
                "\(name): the first argument must be the name of a collection, such as \"sync/audit_log\": "
                    + "letters, digits, '_', '-' and '/'")
        }
        return collection
    }

    func document() throws -> JSONDocument {
        let document = try json(second)
        if document == .emptyArray { return .emptyObject }
        guard document.isObject else {
            throw HostError("\(name): the second argument must be a table with names, the document")
        }
        return document
    }

    /// The filter that stands where `remove` and `count` expect one.
    func filter() throws -> ContentFilter? {
        try second == .nil ? nil : filter(second)
    }

    func query() throws -> DocumentQuery {
        let options = try TableReader(second, of: name, allowing: ["filter", "sort", "limit", "skip"])
        var query = DocumentQuery()
        query.filter = try options.value("filter").map(filter)
        query.sort = try options.value("sort").map(order) ?? []
        query.limit = try options.integer("limit", in: 0...Int(Int32.max))
        query.skip = try options.integer("skip", in: 0...Int(Int32.max)) ?? 0
        return query
    }

    func wait<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
        try Blocking.wait(name, until: invocation.deadline, work)
    }

    /// Waits for documents, as scripts see them.
    func wait(_ work: @escaping @Sendable () async throws -> [JSONDocument]) throws -> [LuaValue] {
        try Blocking.wait(name, until: invocation.deadline, work).map { LuaValue(JSONValue($0)) }
    }

    private func json(_ value: LuaValue) throws -> JSONDocument {
        try LuaJSON.document(value, documents: invocation.documents, for: name)
    }

    private func filter(_ value: LuaValue) throws -> ContentFilter {
        let document = try json(value)
        do {
            return try ContentFilter(document == .emptyArray ? .emptyObject : document)
        } catch {
            throw HostError("\(name): \(error)")
        }
    }

    /// `{ timestamp = -1 }`, or a list of such tables: a table with several names has no order among them.
    private func order(_ value: LuaValue) throws -> [DocumentQuery.Order] {
        switch value {
        case .array(let tables): try tables.flatMap(order)
        case .object(let fields):
            switch (fields.count, fields.first?.value.wholeNumber) {
            case (1, 1): [DocumentQuery.Order(member: fields[0].name, isDescending: false)]
            case (1, -1): [DocumentQuery.Order(member: fields[0].name, isDescending: true)]
            default: throw orderProblem
            }
        default: throw orderProblem
        }
    }

    private var orderProblem: HostError {
        HostError("\(name): sort must be { field = 1 }, { field = -1 }, or a list of such tables")
    }
}
