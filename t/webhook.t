# The gateway's webhooks: the signature over the raw bytes first, and no 200
# before the worker has made them durable.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

our $EVENT = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded",'
    . '"data":{"object":{"id":"pi_1","object":"payment_intent"}}}';

# The same event in as many bytes as are asked for.
sub padded {
    my ($size) = @_;
    return '{' . (' ' x ($size - length $EVENT)) . substr $EVENT, 1;
}

sub chunked {
    my ($headers, $body) = @_;
    return "POST /billing/webhook HTTP/1.1\r\nHost: localhost\r\n"
        . "Connection: close\r\n$headers\r\nTransfer-Encoding: chunked\r\n\r\n"
        . join('', map { sprintf("%x\r\n%s\r\n", length $_, $_) }
            unpack '(a700)*', $body) . "0\r\n\r\n";
}

add_block_preprocessor(\&api_block);

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: a signed event
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT)
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: no-store
--- response_body: {}



=== TEST 2: no signature
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- error_code: 400
--- response_body_like: "code":"BODY_INVALID"
--- error_log
billing: webhook without a valid signature



=== TEST 3: signed with another secret
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT, secret => 'whsec_x')
--- error_code: 400



=== TEST 4: changed by one blank
--- request eval: "POST /billing/webhook\n" . main::padded(1 + length $main::EVENT)
--- more_headers eval: main::webhook($main::EVENT)
--- error_code: 400



=== TEST 5: 301 seconds old
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT, t => time - 301)
--- error_code: 400



=== TEST 6: from the future
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT, t => time + 400)
--- error_code: 400



=== TEST 7: two signature headers
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval
main::webhook($main::EVENT) . "\n" . main::webhook($main::EVENT)
--- error_code: 400



=== TEST 8: signed, and not JSON
--- request eval: "POST /billing/webhook\nhello"
--- more_headers eval: main::webhook('hello')
--- error_code: 400
--- no_error_log
without a valid signature



=== TEST 9: large and kept in a file
--- config
location / { billing_api; client_body_buffer_size 1k; }
--- request eval: "POST /billing/webhook\n" . main::padded(200000)
--- more_headers eval: main::webhook(main::padded(200000))
--- response_body: {}



=== TEST 10: in chunks, in several buffers
--- raw_request eval
main::chunked(main::webhook(main::padded(9000)), main::padded(9000))
--- response_body: {}



=== TEST 11: larger than 256 KB
--- request eval: "POST /billing/webhook\n" . main::padded(262145)
--- more_headers eval: main::webhook(main::padded(262145))
--- error_code: 413



=== TEST 12: larger than 256 KB, in chunks
--- raw_request eval
main::chunked(main::webhook(main::padded(262145)), main::padded(262145))
--- error_code: 413



=== TEST 13: P36 a worker that says nothing: the sender comes again
--- init: worker('{"silent":true}')
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT)
--- error_code: 503
--- response_headers
Retry-After: 1



=== TEST 14: P36 a worker that is not done: the same
--- init: worker('{"status":202,"body":{"state":"pending"}}')
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT)
--- error_code: 503



=== TEST 15: a worker that refuses: the same
--- init: worker('{"status":500,"problem":true,"body":{"code":"INTERNAL"}}')
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT)
--- error_code: 503



=== TEST 16: P36 no Redis
--- http_config
billing_config $TEST_NGINX_BILLING_DIR/away.json;
billing_zone billing 1m; billing_worker off;
--- request eval: "POST /billing/webhook\n$main::EVENT"
--- more_headers eval: main::webhook($main::EVENT)
--- error_code: 503



=== TEST 17: reading it is no use
--- request
GET /billing/webhook
--- error_code: 405
--- response_headers
Allow: POST



=== TEST 18: an empty body
--- request
POST /billing/webhook
--- more_headers eval: main::webhook('')
--- error_code: 400
