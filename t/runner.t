#!/usr/bin/perl

# The test runner is tested first: that what should pass passes, that each
# kind of wrong expectation is reported as a failure, and that the number of
# tests is that of OpenResty's Test::Nginx.

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use Test::More;

my $lib = Cwd::realpath(File::Basename::dirname(__FILE__) . '/lib');
my $dir = File::Temp::tempdir(CLEANUP => 1);

# What is tested here is the runner, not what it is told to run under.
delete $ENV{TEST_NGINX_USE_VALGRIND};

# Runs one file of blocks; gives the passed and failed tests and the output.

sub run_blocks {
    my ($head, $blocks) = @_;
    open my $out, '>', "$dir/inner.t" or die $!;
    print $out "use Test::Nginx::Socket 'no_plan';\n$head\nrun_tests();\n",
        "__DATA__\n\n", $blocks;
    close $out;
    local $ENV{TEST_NGINX_LOAD_MODULES} = '';
    delete local $ENV{TEST_NGINX_PORT};
    delete local $ENV{TEST_NGINX_SERVER_PORT};
    my $text = `$^X -I'$lib' '$dir/inner.t' 2>&1`;
    my @passed = $text =~ /^ok /mg;
    my @failed = $text =~ /^not ok /mg;
    return (scalar @passed, scalar @failed, $text, $? >> 8);
}

sub counts {
    my ($blocks, $passed, $failed, $name, $head) = @_;
    my ($ok, $not, $text) = run_blocks($head || '', $blocks);
    is("$ok passed, $not failed", "$passed passed, $failed failed", $name)
        or diag($text);
}

# One block with a location /t that answers, and more sections.

sub block {
    my ($config, $sections) = @_;
    return "=== TEST 1: inner\n--- config\n$config\n$sections\n";
}

my $hello = 'location = /t { add_header X-A b; return 200 "hello\n"; }';

counts(block($hello, "--- request\nGET /t\n--- response_body\nhello\n"
    . "--- response_headers\nX-A: b\n! X-C\n--- no_error_log\n[error]\n[alert]"),
    6, 0, 'status, body, two headers and two log patterns count six');

counts(block($hello, "--- request\nGET /t"), 2, 0,
    'repeat_each repeats', 'repeat_each(2);');

counts(block($hello, "--- request\nGET /t\n--- error_code: 404"), 0, 1,
    'a wrong status fails');
counts(block($hello, "--- request\nGET /t\n--- response_body\nhallo"), 1, 1,
    'a wrong body fails');
counts(block($hello, "--- request\nGET /t\n--- response_body_like: ^x"), 1, 1,
    'a body that is not alike fails');
counts(block($hello, "--- request\nGET /t\n--- response_headers\nX-A: c"),
    1, 1, 'a wrong header fails');
counts(block($hello, "--- request\nGET /t\n--- response_headers\nX-A: b\n!X-A"),
    1, 1, 'the same header expected twice fails');
counts(block($hello, "--- request\nGET /t\n--- response_headers\n! X-A"),
    1, 1, 'a header that should not be there fails');
counts(block($hello, "--- request\nGET /t\n--- error_log\nno such line"), 1, 1,
    'a missing log line fails');
counts(block($hello, "--- request\nGET /t\n--- no_error_log\nhttp"), 1, 1,
    'a forbidden log line fails');
counts(block('location /t { nonsense; }', "--- request\nGET /t"), 0, 1,
    'an nginx that does not start fails');
counts(block($hello, "--- request\nGET /t\n--- must_die"), 0, 1,
    'an nginx that should die and lives fails');
counts(block('nonsense;', "--- must_die\n--- error_log\nunknown directive"),
    2, 0, 'an nginx that should die dies and says why');
counts(block('location = /t { return 444; }', "--- request\nGET /t"), 0, 1,
    'no response at all fails');
counts(block('location = /t { return 444; }',
    "--- request\nGET /t\n--- ignore_response\n--- no_error_log\n[error]"),
    1, 0, 'an ignored response is not counted');

counts(block('location = /a { return 201; } location = /b { return 404; }',
    "--- request eval\n['GET /a', 'GET /b']\n--- error_code eval\n[201, 404]\n"
    . "--- no_error_log\n[alert]"),
    4, 0, 'several requests have several expectations');
counts(block('location = /a { return 201; } location = /b { return 404; }',
    "--- pipelined_requests eval\n['GET /a', 'GET /b']\n"
    . "--- error_code eval\n[201, 201]"),
    1, 1, 'each pipelined response is compared with its own expectation');

my $echo = 'location = /t { proxy_set_header X-Body $request_body;'
    . ' proxy_pass http://127.0.0.1:$TEST_NGINX_PORT/e; }'
    . ' location = /e { return 200 "$http_x_body $http_x_more\n"; }';

counts(block($echo, "--- request\nPOST /t\nabc\n--- more_headers\nX-More: d\n"
    . "--- response_body\nabc d"), 2, 0, 'body and headers are sent');
counts(block($echo, "--- request eval\n"
    . "[['POST /t\nab', { value => 'cd', delay_before => 0.05 }]]\n"
    . "--- response_body eval\n\"abcd \\n\""), 2, 0, 'packets are sent apart');
counts(block($echo, "--- raw_request eval\n"
    . "\"GET /e HTTP/1.0\\r\\nX-Body: r\\r\\n\\r\\n\"\n"
    . "--- response_body eval\n\"r \\n\""), 2, 0, 'a raw request is sent raw');
counts(block('', "--- user_files\n>>> a.txt\nfile\n--- request\nGET /a.txt\n"
    . "--- response_body\nfile"), 2, 0, 'user files are served');
counts(block('location = /t { return 200 "$TEST_NGINX_NOT_SET"; }',
    "--- request\nGET /t"), 0, 1, 'an unknown $TEST_NGINX_ variable fails');
counts(block($hello, "--- request\nGET /t\n--- init\ndie 'no';"), 0, 1,
    'an init that dies fails');
counts(block($hello, "--- request\nGET /t\n--- skip_eval: 3: 1"), 3, 0,
    'a skipped block counts what it says');
counts(block($hello, "--- request\nGET /t\n--- skip_nginx: 2: < 99.0.0"), 2, 0,
    'a block is skipped for an older nginx');
counts(block($hello, "--- request\nGET /t"), 1, 0,
    'with a master process too', 'master_on(); workers(2);');
counts(block($hello, "--- request\nGET /t\n--- response_body\nX"), 2, 0,
    'a preprocessor changes the block', 'add_block_preprocessor(sub {'
    . ' $_[0]->set_value("response_body", "hello\n") });');

# What shows only after the end of nginx: a stand-in binary that leaves a
# sanitizer's report, or ends by a signal.

sub stand_in {
    my ($script) = @_;
    my ($nginx) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}),
        '/usr/sbin';
    open my $out, '>', "$dir/nginx" or die $!;
    print $out "#!/bin/sh\n$script\n";
    close $out;
    chmod 0755, "$dir/nginx";
    $ENV{REAL_NGINX} = $nginx;
    $ENV{TEST_NGINX_BINARY} = "$dir/nginx";
}

{
    local $ENV{TEST_NGINX_BINARY};
    local $ENV{REAL_NGINX};
    stand_in('echo "ERROR: AddressSanitizer" > "$2/logs/sanitizer.1";'
        . ' exec "$REAL_NGINX" "$@"');
    counts(block($hello, "--- request\nGET /t"), 1, 1,
        "a sanitizer's report fails");
    stand_in('"$REAL_NGINX" "$@" & pid=$!;'
        . ' trap "kill -QUIT $pid; wait $pid; exit 3" QUIT; wait $pid');
    counts(block($hello, "--- request\nGET /t"), 1, 1,
        'an end with another status than 0 fails');
}

# valgrind: a stand-in for it, which says what the real one would.

sub valgrind {
    my ($report, $passed, $failed, $name) = @_;
    mkdir "$dir/bin";           # without the stand-in for nginx
    open my $out, '>', "$dir/bin/valgrind" or die $!;
    print $out "#!/bin/sh\nfor a; do case \$a in --log-file=*)",
        " log=\${a#*=} ;; esac; done\ncat > \$log.1 <<'END'\n$report",
        "END\nwhile [ \"\${1#-}\" != \"\$1\" ]; do shift; done\n",
        "exec \"\$@\"\n";
    close $out;
    chmod 0755, "$dir/bin/valgrind";
    local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
    local $ENV{TEST_NGINX_USE_VALGRIND} = 1;
    counts(block($hello, "--- request\nGET /t"), $passed, $failed, $name);
}

{
    delete local $ENV{TEST_NGINX_BINARY};
    delete local $ENV{TEST_NGINX_USE_VALGRIND};
    my $lost = "==7== 99 bytes in 1 blocks are definitely lost in loss record"
        . " 1 of 1\n==7==    at 0x1: malloc\n==7==    by 0x2: ";
    valgrind('', 1, 0, 'valgrind with nothing to say passes');
    valgrind("==7== Invalid read of size 1\n==7==    at 0x1: ngx_x\n==7== \n",
        1, 1, "valgrind's invalid read fails, whoever made it");
    valgrind($lost . "ngx_http_billing_x (x.c:1)\n==7== \n", 1, 1,
        'a leak of ours fails');
    valgrind($lost . "ngx_event_process_init\n==7== \n", 1, 0,
        "nginx's own leak does not");

    local $ENV{REAL_NGINX};
    stand_in('exec "$REAL_NGINX" "$@"');
    valgrind('', 0, 1, 'valgrind on a script, which would see nothing, fails');
}

{
    local $ENV{TEST_NGINX_BINARY} = $ENV{TEST_NGINX_BINARY};
    my ($ok, $not, $text) = run_blocks('master_on();', block(
        'location = /t { return 200 "x\n"; }',
        "--- request\nGET /t\n--- init\n"
        . "\$SIG{ALRM} = sub { my \$m = get_pid_from_pidfile();"
        . " for my \$f (glob '/proc/[0-9]*/stat') { open my \$i, '<', \$f or next;"
        . " my (\$p, \$rest) = <\$i> =~ /^(\\d+) .*\\) \\S (\\d+)/ or next;"
        . " kill 'SEGV', \$p if \$rest == \$m } }; alarm 1;\n--- wait: 1.5"));
    is("$ok $not", '1 1', 'a worker that crashes fails') or diag($text);
}

my (undef, undef, $text, $status) =
    run_blocks('', block($hello, "--- request\nGET /t\n--- error_code: 500"));
isnt($status, 0, 'a failing file ends with a status that is not 0');
like($text, qr/not ok 1 - TEST 1: inner - status code ok/,
    'and names the block and the check');

done_testing();
