import 'dart:io';
import 'package:shelf/shelf.dart';
import 'package:shelf/shelf_io.dart';

void main() async {
  final port = int.parse(Platform.environment['PORT'] ?? '8080');
  await serve((request) => Response.ok('Hello'), InternetAddress.anyIPv4, port);
}
