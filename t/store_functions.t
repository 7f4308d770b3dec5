#!/usr/bin/perl

# The Redis functions of src/store/billing.lua, in a private server: what they
# write, what they refuse, and what they publish.

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes ();

my $root = Cwd::realpath(File::Basename::dirname(__FILE__) . '/..');
my $dir = File::Temp::tempdir(CLEANUP => 1);
my $key = 'billing:1:{t_1}:team';
my $channel = 'billing:1:notice';

my $name = $ENV{BILLING_REDIS_SERVER} || 'redis-server';
my ($server) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};

plan skip_all => "no $name" if !defined $server;

my $pid = fork;
defined $pid or die "fork: $!";

if ($pid == 0) {
    open STDOUT, '>', "$dir/log";
    exec $server, '--port', 0, '--unixsocket', "$dir/s", '--save', '',
        '--dir', $dir or die;
}

END {
    if ($pid) {
        my $status = $?;
        kill 'TERM', $pid;
        waitpid $pid, 0;
        $? = $status;
    }
}

sub connection {
    for (1 .. 100) {
        my $s = IO::Socket::UNIX->new(Peer => "$dir/s");
        return $s if $s;
        Time::HiRes::sleep(0.05);
    }
    die "$name does not answer\n";
}

sub reply {
    my ($s) = @_;
    my $line = <$s>;
    $line =~ s/\r\n\z//;
    my ($type, $rest) = (substr($line, 0, 1), substr($line, 1));
    return $rest if $type eq ':' || $type eq '+';
    return "ERROR $rest" if $type eq '-';
    return [map { reply($s) } 1 .. $rest] if $type eq '*';
    return undef if $rest < 0;
    read $s, my $text, $rest + 2;
    return substr $text, 0, $rest;
}

sub command {
    my ($s, @args) = @_;
    print $s '*', scalar @args, "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @args;
    $s->flush;
    return reply($s);
}

my $redis = connection();
my $listener = connection();

open my $in, '<', "$root/src/store/billing.lua" or die $!;
my $library = do { local $/; <$in> };

is(command($redis, 'FUNCTION', 'LOAD', $library), 'billing', 'it loads');
is(command($redis, 'FUNCTION', 'LOAD', 'REPLACE', $library), 'billing',
    'and again');
command($listener, 'SUBSCRIBE', $channel);

sub record {
    my ($epoch, $version, $json) = @_;
    return join ' ', 1, 'team', $epoch, $version, $json || '{"seats":1}',
        'a' x 64;
}

sub put {
    my ($record, $at) = @_;
    return command($redis, 'FCALL', 'billing_put', 1, $at || $key, $record,
        $channel);
}

# What has been published since the last time: a message of our own ends it.

sub notices {
    my @seen;
    command($redis, 'PUBLISH', $channel, 'end');
    while (1) {
        my $message = reply($listener)->[2];
        return @seen if $message eq 'end';
        push @seen, $message;
    }
}

my $current = record(3, 9);
is(put($current), 1, 'the first record is written');
is(command($redis, 'GET', $key), $current, 'as it is');
is_deeply([notices()], ["$key $current"], 'and published');

# The order of versions, and of versions as numbers rather than texts.

for my $case (
    [3, 8, 0], [2, 10, 0], [3, 9, 2], [3, 10, 1], [3, 9, 0], [3, 100, 1],
    [3, 99, 0], [4, 1, 1], [3, 500, 0], [4, 9007199254740993, 1],
    [4, 9007199254740992, 0], [4, '18446744073709551615', 1],
    [4, '18446744073709551614', 0], [10, 0, 1], [9, 7, 0],
    )
{
    my ($epoch, $version, $expected) = @$case;
    my $before = command($redis, 'GET', $key);
    my $record = record($epoch, $version);
    is(put($record), $expected, "epoch $epoch, version $version: $expected");
    is(command($redis, 'GET', $key), $expected ? $record : $before,
        '... and what is there');
    is_deeply([notices()], $expected == 1 ? ["$key $record"] : [],
        '... and what was published');
}

# The same version with other bytes: ours are right, nobody need hear of it.

my $mine = record(10, 0, '{"seats":2}');
is(put($mine), 2, 'same version, other bytes');
is(command($redis, 'GET', $key), $mine, '... are put right');
is_deeply([notices()], [], '... in silence');

# Whatever else is at the key gives way.

for my $garbage (
    ['SET', $key, ''], ['SET', $key, 'hello'],
    ['SET', $key, record(99, '01')], ['SET', $key, record(99, -1)],
    ['SET', $key, record(99, '9' x 21)],
    ['SET', $key, '1 team 99 99 {"a": 1} ' . 'a' x 64],
    ['SET', $key, record(99, 99) . 'x' x 2000], ['RPUSH', $key, 1],
    ['SADD', $key, 1], ['XADD', $key, '*', 'a', 'b'], ['HSET', $key, 1, 2],
    )
{
    command($redis, 'DEL', $key);
    command($redis, @$garbage);
    is(put(record(1, 1)), 1, "over $garbage->[0] garbage");
    is(command($redis, 'GET', $key), record(1, 1), '... it is written');
}

notices();

# What is no record is not written.

for my $bad (
    '', 'x', '1 team 1 1 {} ', '1 team 1 1 {}', '1 team x 1 {} aa',
    '1 team 1 1 {"a": 1} aa', '1 team 01 1 {} aa', "1 team 1 1 {} aa\n",
    '1 TEAM 1 1 {} aa', record(1, 1, '{' . 'x' x 1024 . '}'),
    )
{
    like(put($bad), qr/^ERROR ERR billing_put: not a record/,
        'refused: ' . substr $bad, 0, 30);
}

like(command($redis, 'FCALL', 'billing_put', 0, 'a', 'b'), qr/^ERROR/,
    'no key');
like(command($redis, 'FCALL', 'billing_put', 1, $key, 'a'), qr/^ERROR/,
    'no channel');
is(command($redis, 'GET', $key), record(1, 1), 'nothing has changed');
is_deeply([notices()], [], 'nothing was published');

# What only says that there is nothing goes away by itself and is told nobody.

my $nobody = 'billing:1:{t}:member:a@b.test';

sub nothing {
    my ($record, $seconds) = @_;
    return command($redis, 'FCALL', 'billing_put', 1, $nobody, $record,
        $channel, $seconds);
}

is(nothing(record(1, 0), 60), 1, 'nothing, for a minute');
my $ttl = command($redis, 'TTL', $nobody);
cmp_ok($ttl, '>', 0, 'it will go');
cmp_ok($ttl, '<=', 60, 'in time');
is(nothing(record(1, 0), 60), 2, 'again the same');
is_deeply([notices()], [], 'nobody was told');
is(put(record(1, 1), $nobody), 1, 'somebody after all');
is(command($redis, 'TTL', $nobody), -1, 'to stay');
is_deeply([notices()], ["$nobody " . record(1, 1)], 'and to be told');
is(nothing(record(1, 0), 60), 0, 'nothing does not replace somebody');
is(command($redis, 'TTL', $nobody), -1, 'who stays');
like(nothing(record(2, 0), $_), qr/^ERROR/, "refused: $_ seconds")
    for '', 0, -1, '1e3', '10000', 'x';

# The epoch never goes back.

my $at = 'billing:1:epoch';

for my $case (
    [1, 'loading', 1], [1, 'ready', 1], [2, 'loading', 1], [1, 'ready', 0],
    [2, 'ready', 1], [10, 'loading', 1], [9, 'ready', 0],
    )
{
    my ($n, $state, $expected) = @$case;
    is(command($redis, 'FCALL', 'billing_epoch', 1, $at, $n, $state,
            $channel), $expected, "epoch $n $state: $expected");
    is_deeply([notices()], $expected ? ["$at $n $state"] : [],
        '... and what was published');
}

is(command($redis, 'GET', $at), '10 loading', 'the highest epoch stands');

for my $bad ([-1, 'ready'], ['01', 'ready'], ['x', 'ready'], [1, 'open']) {
    like(command($redis, 'FCALL', 'billing_epoch', 1, $at, @$bad, $channel),
        qr/^ERROR/, "refused: @$bad");
}

command($redis, 'DEL', $at);
command($redis, 'LPUSH', $at, 1);
is(command($redis, 'FCALL', 'billing_epoch', 1, $at, 3, 'ready', $channel),
    1, 'garbage gives way');
is(command($redis, 'GET', $at), '3 ready', 'to the epoch');

done_testing();
