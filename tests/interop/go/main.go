// SPDX-License-Identifier: MIT

// A peer that speaks the group protocol 1.0.0, with the habits of its Go peers: buffers that drop
// when they are full, requests that are joined without asking, and an "accept" that leaves and
// joins again. It is driven by JSON lines: commands on stdin, events on stdout.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

// command is one line of stdin; which fields count depends on the command.
type command struct {
	N       int    `json:"n"`
	Command string `json:"command"`
	Address string `json:"address"`
	Peer    string `json:"peer"`
	Channel string `json:"channel"`
	Host    string `json:"host"`
	Order   string `json:"order"`
	Count   int    `json:"count"`
	Data    any    `json:"data"`
	// Protocol and Said are for "ask".
	Protocol string `json:"protocol"`
	Said     string `json:"said"`
}

// program is everything one peer consists of.
type program struct {
	host   host.Host
	me     string
	hosted *hosted
	joined *joined
	probes *probes
	out    sync.Mutex
}

// emit writes one event.
func (p *program) emit(event map[string]any) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	p.out.Lock()
	defer p.out.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func main() {
	label := flag.String("label", "Gopher", "what presence calls this peer")
	heartbeat := flag.Duration("heartbeat", 5*time.Second, "pause between two presence messages")
	short := flag.Bool("short-invite", false, "invite with three fields, as the oldest peers do")
	listen := flag.String("listen", "/ip4/127.0.0.1/tcp/0", "where this peer listens")
	told := flag.String("told", "", "the address to tell others instead")
	newer := flag.Bool("newer", false, "tell all that newer peers tell, and probe who is seen")
	service := flag.String("mdns", "", "the service by which peers of our networks are found")
	probe := flag.Duration("probe", 30*time.Second, "pause between two probes")
	flag.Parse()
	if !*newer {
		*probe = 0
	}
	if err := run(*label, *heartbeat, *short, *listen, *told, *newer, *probe, *service); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(
	label string, heartbeat time.Duration, short bool, listen, told string, newer bool,
	probe time.Duration, service string,
) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	node, err := libp2p.New(
		libp2p.ListenAddrStrings(listen),
		libp2p.AddrsFactory(func(own []multiaddr.Multiaddr) []multiaddr.Multiaddr {
			if told == "" {
				return own
			}
			return []multiaddr.Multiaddr{multiaddr.StringCast(told)}
		}),
		libp2p.NoTransports,
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.DisableRelay(),
	)
	if err != nil {
		return err
	}
	defer node.Close()
	p := &program{host: node, me: node.ID().String()}
	p.hosted = newHosted(p, short)
	p.joined = newJoined(p)
	p.probes = newProbes(p, label, probe)
	farewell, err := p.announce(ctx, label, heartbeat, newer)
	if err != nil {
		return err
	}
	if service != "" {
		end, err := p.lookAround(service)
		if err != nil {
			return err
		}
		defer end()
	}
	var addresses []string
	for _, address := range node.Addrs() {
		addresses = append(addresses, address.String()+"/p2p/"+p.me)
	}
	p.emit(map[string]any{"event": "ready", "peer": p.me, "addresses": addresses})

	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var c command
		if err := json.Unmarshal(input.Bytes(), &c); err != nil {
			return err
		}
		answer, err := p.obey(ctx, c)
		if err != nil {
			answer = map[string]any{"event": "failed", "error": err.Error()}
		} else if answer == nil {
			answer = map[string]any{"event": "done"}
		} else {
			answer["event"] = "done"
		}
		answer["n"] = c.N
		p.emit(answer)
	}
	farewell()
	return input.Err()
}

func (p *program) obey(ctx context.Context, c command) (map[string]any, error) {
	switch c.Command {
	case "dial":
		address, err := multiaddr.NewMultiaddr(c.Address)
		if err != nil {
			return nil, err
		}
		info, err := peer.AddrInfoFromP2pAddr(address)
		if err != nil {
			return nil, err
		}
		return nil, p.host.Connect(ctx, *info)
	case "connect":
		other, err := peer.Decode(c.Peer)
		if err != nil {
			return nil, err
		}
		channel, err := p.hosted.connect(ctx, other)
		return map[string]any{"channel": channel}, err
	case "join":
		other, err := peer.Decode(c.Host)
		if err != nil {
			return nil, err
		}
		return nil, p.joined.join(ctx, other, c.Channel)
	case "accept":
		return nil, p.joined.accept(ctx, c.Channel, c.Order == "join first")
	case "send":
		return nil, p.send(c.Channel, c.Data)
	case "flood":
		for n := range c.Count {
			if err := p.send(c.Channel, map[string]any{"n": n}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "close":
		if p.hosted.close(c.Channel) {
			return nil, nil
		}
		return nil, p.joined.leave(c.Channel)
	case "forget":
		p.hosted.forget(c.Channel)
		return nil, nil
	case "ask":
		return p.ask(ctx, c.Peer, c.Protocol, c.Said)
	case "curt":
		p.hosted.curt.Store(true)
		return nil, nil
	case "members":
		return map[string]any{"members": p.hosted.memberIDs(c.Channel)}, nil
	}
	return nil, fmt.Errorf("no such command: %s", c.Command)
}

func (p *program) send(channel string, data any) error {
	if p.hosted.send(channel, data) {
		return nil
	}
	return p.joined.send(channel, data)
}
