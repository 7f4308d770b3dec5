#!/usr/bin/perl

# Redis away, slow, hung, lying: what nginx says meanwhile, how soon, and that
# it comes back by itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Time::HiRes qw(sleep time);

$Billing::patience = 250;     # as the module has it of itself
my $dir = fixture(no_redis => 1);

my $LOCATIONS = <<'CONF';
    billing_profile owner@example.test;
    billing_team $arg_t;
    add_header X-Verdict "$billing_status $billing_reason" always;
    location = /stale { billing_require view; billing_stale 3s;
        try_files /none @ok; }
    location = /gate { billing_require view; try_files /none @ok; }
    location = /pass { billing_require view; billing_on_error pass;
        try_files /none @ok; }
    location @ok { add_header X-Verdict "$billing_status $billing_reason";
        return 200 "ok\n"; }
    location = /fast { return 200 "fast\n"; }
    location = /billing/status { billing_api; }
CONF

# Under a sanitizer or valgrind, and on a busy machine, all is slower; who
# waited for a silent Redis to the end would wait ten seconds and more.
my $SLACK = $ENV{TEST_NGINX_USE_VALGRIND} ? 3 : 1;

sub start {
    my (%how) = @_;
    nginx_start(log_level => 'info',
        http_config => ($how{config} || $ENV{TEST_NGINX_BILLING}),
        config => $LOCATIONS, %{ $how{text} || {} });
}

# Status and verdict of a request, which must end within a time.

sub verdict {
    my ($path, $within, $expected, $name) = @_;
    my ($status, $head, undef, $took) = get($path);
    my ($said) = $head =~ /^X-Verdict: ([^\r\n]*)/m;
    is(join(' ', $status, grep { /\S/ } $said // ''), $expected, $name);
    cmp_ok($took, '<', $within + $SLACK, "$name, in time");
}

sub recovers {
    my ($name, $path) = @_;
    ok(until_true(sub { (get($path || '/gate?t=paid'))[0] == 200 }, 8),
        "$name: nginx finds the way back");
}


# --- away from the start --------------------------------------------------------

start();
verdict('/gate?t=paid', 0.3, '503 UNKNOWN ENTITLEMENT_UNKNOWN',
    'no Redis: unknown is refused');
verdict('/pass?t=paid', 0.3, '200 UNKNOWN ALLOW', 'or passes where told so');
sleep 1;
my $said = () = error_log() =~ /\[(?:error|crit)\]/g;
cmp_ok($said, '<=', 2 * 2, 'each of the two links complains once');
redis_start();
seed();
recovers('Redis comes up later');
verdict('/gate?t=paid', 0.1, '200 PASSED ALLOW', 'Redis is there');


# --- killed: stale, then unknown --------------------------------------------------

redis_stop();
sleep 1.5;
verdict('/stale?t=paid', 0.1, '200 STALE ALLOW', 'Redis killed: stale');
verdict('/stale?t=never', 0.1, '503 UNKNOWN ENTITLEMENT_UNKNOWN',
    'what was never known stays unknown');
sleep 2.5;
verdict('/stale?t=paid', 0.1, '503 UNKNOWN ENTITLEMENT_UNKNOWN',
    'stale only as long as billing_stale');
verdict('/gate?t=paid', 0.1, '200 STALE ALLOW', 'another location, more grace');
verdict('/pass?t=ended', 0.1, '200 UNKNOWN ALLOW', 'billing_on_error pass');
redis_start();
seed();
recovers('Redis was killed');
nginx_stop();


# --- stopped: nobody waits long, nobody else waits at all --------------------------

start();
recovers('warm up');
redis_signal('STOP');
my $waiting = get('/gate?t=business', async => 1);
verdict('/fast', 0.05, '200', 'Redis hangs: others do not notice');
my ($status, undef, undef, $took) = Billing::answer($waiting, time);
is($status, 503, 'a miss is refused');
cmp_ok($took, '<', 0.3 + $SLACK, 'within the deadline of a command');
get('/gate?t=business') for 1 .. 2;
ok(until_true(sub { (get('/gate?t=business'))[3] < 0.05 }, 3),
    'after some time-outs nobody waits any more');
ok(until_true(sub {
        my ($status, $head) = get('/gate?t=paid');
        $status == 200 && $head =~ /STALE/ }, 6),
    'the known is served stale, once the notices are missed');
redis_signal('CONT');
recovers('Redis goes on', '/gate?t=business');
nginx_stop();
redis_stop();


# --- liars ----------------------------------------------------------------------

# Reads one command's bytes and says something, again and again.

sub says {
    my (@replies) = @_;
    return sub {
        my ($connection) = @_;
        my $i = 0;
        while (sysread $connection, my $bytes, 4096) {
            my $reply = $replies[$i++] // last;
            if (ref $reply) {
                for my $byte (split //, $$reply) {
                    syswrite $connection, $byte;
                    sleep 0.001;
                }
                next;
            }
            syswrite $connection, $reply;
        }
    };
}

my %LIES = (
    'garbage instead of a greeting' => says('<html>no</html>'),
    'closes at once' => sub { },
    'never answers' => sub { sleep 60 },
    'wants a password' => says("-NOAUTH Authentication required.\r\n"),
    'is loading' => says("-LOADING Redis is loading\r\n"),
    'greets, then garbage' => says("+PONG\r\n", "\0\1\2garbage\r\n"),
    'greets, then closes' => says("+PONG\r\n"),
    'an answer nobody asked for' => says("+PONG\r\n+MORE\r\n"),
    'two answers for one' => says("+PONG\r\n", "\$-1\r\n" x 8),
    'a negative length' => says("+PONG\r\n", "\$-2\r\n\$-2\r\n"),
    'an array without end' => says("+PONG\r\n", "*2147483647\r\n" x 2),
    'a string without end' => says("+PONG\r\n",
        "\$536870912\r\n" . 'x' x 4_000_000),
    'a number too large' => says("+PONG\r\n",
        ":99999999999999999999999\r\n" x 2),
    'arrays in arrays' => says("+PONG\r\n", "*1\r\n" x 12 . ":1\r\n"),
    'numbers for records' => says("+PONG\r\n", ":1\r\n:1\r\n"),
    'lists for records' => says("+PONG\r\n", "*0\r\n*-1\r\n"),
    'a message without subscription' => says("+PONG\r\n",
        "*3\r\n\$7\r\nmessage\r\n\$1\r\na\r\n\$1\r\nb\r\n" x 2),
    'an error for each' => says("+PONG\r\n", "-OOM command not allowed\r\n"
        . "-MOVED 1 127.0.0.1:1\r\n"),
    'byte by byte' => says(\"+PONG\r\n", \"\$3\r\nabc\r\n\$-1\r\n"),
    'empty strings' => says("+PONG\r\n", "\$0\r\n\r\n\$0\r\n\r\n"),
    'RESP3' => says("+PONG\r\n", "%1\r\n+a\r\n+b\r\n,1.5\r\n"),
);

for my $lie (sort keys %LIES) {
    my $pid = impostor($LIES{$lie});
    start();
    my @took;
    for (1 .. 3) {
        my ($status, $head, undef, $took) = get('/gate?t=paid');
        push @took, $took if $status == 503;
        sleep 0.1;
    }
    is(scalar @took, 3, "$lie: unknown, whatever it says");
    ok(!(grep { $_ > 1.2 + $SLACK } @took), "$lie: nobody waits long");
    is((get('/fast'))[0], 200, "$lie: nginx lives");
    kill 'KILL', $pid;
    waitpid $pid, 0;
    nginx_stop();
}


# --- passwords --------------------------------------------------------------------

spew('password', "hunter2\n");
spew('wrong', "hunter3\n");
my $redis = qq{"address": "unix:$dir/redis.sock"};
conf_file('password.json', $redis =>
    qq{$redis, "password_file": "$dir/password"});
conf_file('wrong.json', $redis => qq{$redis, "password_file": "$dir/wrong"});
conf_file('user.json', $redis =>
    qq{$redis, "user": "gate", "password_file": "$dir/password"});

unlink "$dir/redis.sock";
redis_start('--requirepass', 'hunter2');
seed();
redis('ACL', 'SETUSER', 'gate', 'on', '>hunter2', '~billing:*', '&billing:*',
    '+@all');

for my $case (['password', '200 PASSED ALLOW'], ['user', '200 PASSED ALLOW'],
    ['wrong', '503 UNKNOWN ENTITLEMENT_UNKNOWN'],
    ['billing', '503 UNKNOWN ENTITLEMENT_UNKNOWN'])
{
    my ($file, $expected) = @$case;
    start(config => "billing_config $dir/$file.json; billing_zone billing 1m;");
    verdict('/gate?t=paid', 0.5, $expected, "$file.json");
    unlike(error_log(), qr/hunter/, "$file.json: no password in the log");
    nginx_stop();
}

redis('ACL', 'SETUSER', 'gate', '-get');
start(config => "billing_config $dir/user.json; billing_zone billing 1m;");
verdict('/gate?t=paid', 0.5, '503 UNKNOWN ENTITLEMENT_UNKNOWN',
    'a user who may not read');
nginx_stop();

done_testing();
