// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// dialTime is how long peers of this kind try to reach whom they have found.
const dialTime = 3 * time.Second

// HandlePeerFound is called by the library once for each instance of a peer in our network.
func (p *program) HandlePeerFound(found peer.AddrInfo) {
	p.emit(map[string]any{"event": "found", "peer": found.ID.String()})
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	if err := p.host.Connect(ctx, found); err != nil {
		p.emit(map[string]any{
			"event": "unreached", "peer": found.ID.String(), "error": err.Error(),
		})
		return
	}
	p.emit(map[string]any{"event": "reached", "peer": found.ID.String()})
}

// lookAround finds peers in our networks by multicast DNS, and is found by them, until it is ended.
func (p *program) lookAround(service string) (func(), error) {
	looking := mdns.NewMdnsService(p.host, service, p)
	if err := looking.Start(); err != nil {
		return nil, err
	}
	return func() { looking.Close() }, nil
}
