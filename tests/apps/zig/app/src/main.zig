const std = @import("std");

pub fn main() !void {
    const address = try std.net.Address.parseIp("0.0.0.0", 8080);
    var listener = try address.listen(.{ .reuse_address = true });
    while (true) {
        const connection = try listener.accept();
        defer connection.stream.close();
        var buffer: [4096]u8 = undefined;
        var server = std.http.Server.init(connection, &buffer);
        var request = server.receiveHead() catch continue;
        request.respond("Hello, Ada, from Zig", .{ .keep_alive = false }) catch continue;
    }
}
