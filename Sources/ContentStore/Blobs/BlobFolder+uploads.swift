internal import ContentModel
internal import Foundation

extension BlobFolder {
    /// A path that nothing uses yet, for a file of so many bytes that `take` is to copy. Whoever uses it removes it.
    ///
    /// Throws `disk_full` when there is no room for it and for its copy.
    public func placeForUpload(of bytes: Int64) throws -> String {
        let place = try newArrival()
        guard try StoreFile.freeBytes(in: arrivals.path) / 2 >= bytes else {
            // Who is told may be somebody else, whom it concerns but not the path.
            throw TidelockError(
                .diskFull, "There is no room here for a file of \(ByteText.of(bytes)).",
                hint: "Free some space, or use a larger disk.")
        }
        return place
    }
}
