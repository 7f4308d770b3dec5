package Test::Nginx::Local::Client;

# Requests from their sections to bytes, bytes to and from a socket, and a
# response taken apart.  Nothing here knows what a test expects.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

# "GET /path HTTP/1.0", then the body; the rest is filled in.

sub build {
    my ($text, $headers, $connection) = @_;
    my ($line, $body) = split /\n/, $text, 2;
    my ($method, $url, $version) = split ' ', $line || '';
    die "the request has no first line\n" if !defined $method;
    $url = '/' if !defined $url;
    $version = 'HTTP/1.1' if !defined $version;
    $body = '' if !defined $body;

    my @lines = grep { !/^\s*#/ && /\S/ } split /\r?\n/, $headers;
    my $chunked = grep { /^transfer-encoding\s*:\s*chunked/i } @lines;
    my $sized = grep { /^content-length\s*:/i } @lines;
    my @head = ("$method $url $version");
    push @head, "Host: $Test::Nginx::Local::Server::SERVER_NAME"
        if !grep { /^host\s*:/i } @lines;
    push @head, "Connection: $connection"
        if !grep { /^connection\s*:/i } @lines;
    push @head, map { /:/ ? $_ : "$_: " } @lines;
    if ($body ne '' && !$chunked && !$sized) {
        $body =~ s/\A\s+//;
        # A pattern for the end would be slow on a body with long blanks.
        chop $body while substr($body, -1) =~ /\s/;
        push @head, 'Content-Length: ' . length $body;
    }
    return join("\r\n", @head, '', '') . $body;
}

sub headers_for {
    my ($headers, $i) = @_;
    return '' if !defined $headers;
    return $headers if !ref $headers;
    die "more_headers has nothing for request $i\n" if !defined $headers->[$i];
    return $headers->[$i];
}

# A request of several packets: the packets' borders are kept, measured from
# the end, where nothing is inserted.

sub split_packets {
    my ($packets, $headers) = @_;
    my @values = map { ref $_ ? $_->{value} : $_ } @$packets;
    my $bytes = build(join('', @values), $headers, 'close');
    my @out;
    for my $i (reverse 1 .. $#values) {
        my $take = length $values[$i];
        die "a packet border lies within the request line\n"
            if $take > length $bytes;
        unshift @out, substr($bytes, -$take, $take, '');
    }
    unshift @out, $bytes;
    return [map { { value => $out[$_], delay_before =>
        ref $packets->[$_] ? $packets->[$_]{delay_before} : 0 } } 0 .. $#out];
}

# All the connections a block makes, each a list of packets.

sub connections {
    my ($block) = @_;
    if (defined $block->raw_request) {
        my $raw = $block->raw_request;
        my $delay = $block->raw_request_middle_delay || 0;
        my @packets = ref $raw ? @$raw : ($raw);
        return [map { { value => $packets[$_],
                        delay_before => $_ ? $delay : 0 } } 0 .. $#packets];
    }
    my $headers = $block->more_headers;
    if (my $list = $block->pipelined_requests) {
        die "pipelined_requests must be an array\n" if ref $list ne 'ARRAY';
        my $bytes = join '', map {
            build($list->[$_], headers_for($headers, $_),
                  $_ == $#$list ? 'close' : 'keep-alive') } 0 .. $#$list;
        return [{ value => $bytes }];
    }
    my $request = $block->request;
    die "no request\n" if !defined $request;
    my @list = ref $request ? @$request : ($request);
    return map {
        my $more = headers_for($headers, $_);
        if (!ref $list[$_]) {
            my $text = $list[$_];
            1 while $text =~ s/^\s*#[^\n]+\s+|^\s+//s;
            [{ value => build($text, $more, 'close') }];
        } else {
            split_packets($list[$_], $more);
        }
    } 0 .. $#list;
}

sub connect_to {
    my ($timeout) = @_;
    my $socket = IO::Socket::INET->new(
        PeerAddr => $Test::Nginx::Local::Server::ADDRESS,
        PeerPort => $Test::Nginx::Local::Server::PORT,
        Proto => 'tcp', Timeout => $timeout)
        or die "cannot connect to nginx: $!\n";
    $socket->blocking(0);
    return $socket;
}

# Sends the packets and reads to the end of the connection.  The answer, and
# whether the time was up before that.

sub talk {
    my ($packets, $timeout, $shutdown) = @_;
    my $socket = connect_to($timeout);
    my $select = IO::Select->new($socket);
    my ($answer, $out, @queue) = ('', '', @$packets);
    my $until = time + $timeout;
    local $SIG{PIPE} = 'IGNORE';

    while (time < $until) {
        if ($out eq '' && @queue) {
            my $packet = shift @queue;
            sleep $packet->{delay_before} if $packet->{delay_before};
            $out = $packet->{value};
        }
        if ($out ne '' && $select->can_write(0.01)) {
            my $n = syswrite $socket, $out;
            defined $n ? substr($out, 0, $n, '') : ($out = '', @queue = ());
            if ($out eq '' && !@queue && defined $shutdown) {
                shutdown $socket, $shutdown;
            }
            next;
        }
        next if !$select->can_read($out eq '' && !@queue ? 0.25 : 0.01);
        my $n = sysread $socket, $answer, 65536, length $answer;
        return ($answer, 0) if !$n;
    }
    return ($answer, 1);
}

sub unchunk {
    my ($rest) = @_;
    my $body = '';
    while ($rest =~ s/\A([0-9A-Fa-f]+)[^\r\n]*\r\n//) {
        my $size = hex $1;
        if ($size == 0) {
            $rest =~ s/\A(?:[^\r\n]+\r\n)*\r\n// or return;
            return ($body, $rest);
        }
        return if length $rest < $size + 2;
        $body .= substr $rest, 0, $size, '';
        $rest =~ s/\A\r\n// or return;
    }
    return;
}

# The next response in the bytes: code, headers, raw_headers, content, error;
# and the bytes behind it.

sub parse {
    my ($bytes, $head_only) = @_;
    my %response = (headers => {}, raw_headers => '', content => '');
    1 while $bytes =~ s{\AHTTP/1\.1 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n}{};
    if ($bytes !~ s{\A(HTTP/\S+ (\d\d\d).*?\r\n)\r\n}{}s) {
        $response{error} = 'no complete response header';
        return (\%response, '');
    }
    @response{qw(raw_headers code)} = ($1, $2);
    for my $line (split /\r\n/, $response{raw_headers}) {
        my ($name, $value) = $line =~ /\A([^:\s]+):\s*(.*?)\s*\z/s or next;
        push @{ $response{headers}{lc $name} }, $value;
    }
    return (\%response, $bytes)
        if $head_only || $response{code} =~ /^(?:204|304)$/;

    if (lc(header(\%response, 'transfer-encoding')) eq 'chunked') {
        my ($body, $rest) = unchunk($bytes);
        $response{error} = 'the chunked body is cut short' if !defined $body;
        $response{content} = defined $body ? $body : $bytes;
        return (\%response, defined $rest ? $rest : '');
    }
    my $length = header(\%response, 'content-length');
    if ($length eq '') {
        $response{content} = $bytes;
        return (\%response, '');
    }
    $response{content} = substr $bytes, 0, $length;
    if (length $bytes < $length) {
        $response{error} = 'the body is shorter than Content-Length';
        return (\%response, '');
    }
    return (\%response, substr $bytes, $length);
}

sub header {
    my ($response, $name) = @_;
    return join ', ', @{ $response->{headers}{lc $name} || [] };
}

1;
