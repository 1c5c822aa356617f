// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// remote is a member that joined over a stream.
type remote struct {
	member
	stream network.Stream
	queue  chan message
	ponged time.Time
}

type group struct {
	id      string
	members map[string]*remote
	since   int64
}

// hosted holds the groups that this peer hosts, and relays their messages.
type hosted struct {
	p      *program
	short  bool
	events *events
	mu     sync.Mutex
	groups map[string]*group
	// curt refuses without a word, as when the reset overtakes it.
	curt atomic.Bool
}

func newHosted(p *program, short bool) *hosted {
	h := &hosted{p: p, short: short, events: newEvents(p), groups: map[string]*group{}}
	p.host.SetStreamHandler(groupProtocol, h.serve)
	go func() {
		for range time.Tick(pingEvery) {
			h.keepAlive()
		}
	}()
	return h
}

// connect makes a realtime group, joins it, invites the peer and returns without waiting.
func (h *hosted) connect(ctx context.Context, other peer.ID) (string, error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	id := "rt-" + hex.EncodeToString(random)
	made := &group{id: id, members: map[string]*remote{}, since: time.Now().UnixMilli()}
	h.mu.Lock()
	h.groups[id] = made
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := h.p.host.NewStream(ctx, other, inviteProtocol)
	if err != nil {
		h.close(id)
		return "", err
	}
	defer stream.Close()
	short := shortInvite{GroupID: id, GroupName: "rt:" + id, HostPeerID: h.p.me}
	if h.short {
		return id, json.NewEncoder(stream).Encode(short)
	}
	return id, json.NewEncoder(stream).Encode(longInvite{shortInvite: short, AppType: "realtime"})
}

// serve reads what one member says, until it leaves.
func (h *hosted) serve(stream network.Stream) {
	from := stream.Conn().RemotePeer().String()
	lines := json.NewDecoder(bufio.NewReader(stream))
	var first message
	if lines.Decode(&first) != nil {
		stream.Reset()
		return
	}
	if first.Type != "join" {
		h.refuse(stream, "", "bad_first_msg", "first message must be join")
		return
	}
	h.mu.Lock()
	g := h.groups[first.Group]
	if g == nil {
		h.mu.Unlock()
		h.refuse(stream, first.Group, "not_found", "group not found")
		return
	}
	// A member that joins again still counts itself.
	if len(g.members) >= maxMembers {
		h.mu.Unlock()
		h.refuse(stream, g.id, "full", "group is full")
		return
	}
	m := &remote{
		member: member{PeerID: from, JoinedAt: time.Now().UnixMilli()},
		stream: stream,
		queue:  make(chan message, memberQueue),
	}
	g.members[from] = m
	welcome := welcomePayload{
		GroupName: "rt:" + g.id, AppType: "realtime", MaxMembers: maxMembers, Members: h.list(g),
	}
	h.mu.Unlock()
	if write(stream, message{Type: "welcome", Group: g.id, Payload: welcome}) != nil {
		stream.Reset()
	}
	done := make(chan struct{})
	go m.drain(done)
	h.tellMembers(g, from)
	for {
		var line message
		if lines.Decode(&line) != nil || line.Type == "leave" {
			break
		}
		switch line.Type {
		case "msg", "state":
			line.From, line.Group = from, g.id
			h.relay(g, line, from)
			h.events.add(line)
		case "pong":
			h.mu.Lock()
			m.ponged = time.Now()
			h.mu.Unlock()
		}
	}
	// By peer, not by stream: a newer stream of the same peer loses its place here.
	h.mu.Lock()
	delete(g.members, from)
	h.mu.Unlock()
	close(done)
	stream.Close()
	h.tellMembers(g, "")
}

func (h *hosted) refuse(stream network.Stream, id, code, text string) {
	if h.curt.Load() {
		stream.Reset()
		return
	}
	_ = write(stream, message{Type: "error", Group: id, Payload: errorPayload{code, text}})
	stream.Reset()
}

// drain writes what is queued for a member. When that fails it stops, and nobody is told.
func (m *remote) drain(done chan struct{}) {
	for {
		select {
		case <-done:
			return
		case line := <-m.queue:
			_ = m.stream.SetWriteDeadline(time.Now().Add(writeDeadline))
			if write(m.stream, line) != nil {
				return
			}
		}
	}
}

// list is the host and its members; the caller holds the lock.
func (h *hosted) list(g *group) []member {
	all := []member{{PeerID: h.p.me, JoinedAt: g.since}}
	for _, m := range g.members {
		all = append(all, m.member)
	}
	return all
}

func (h *hosted) tellMembers(g *group, except string) {
	h.mu.Lock()
	line := message{Type: "members", Group: g.id, Payload: membersPayload{h.list(g)}}
	h.mu.Unlock()
	h.relay(g, line, except)
	h.events.add(line)
}

// relay queues a line for every member but one; a queue that is full drops it.
func (h *hosted) relay(g *group, line message, except string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, m := range g.members {
		if id == except {
			continue
		}
		select {
		case m.queue <- line:
		default:
		}
	}
}

func (h *hosted) find(id string) *group {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.groups[id]
}

func (h *hosted) send(id string, data any) bool {
	g := h.find(id)
	if g == nil {
		return false
	}
	h.relay(g, message{Type: "msg", Group: id, From: h.p.me, Payload: data}, "")
	return true
}

func (h *hosted) memberIDs(id string) []string {
	g := h.find(id)
	found := []string{}
	if g == nil {
		return found
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for peerID := range g.members {
		found = append(found, peerID)
	}
	return found
}

func (h *hosted) close(id string) bool {
	h.mu.Lock()
	g := h.groups[id]
	delete(h.groups, id)
	h.mu.Unlock()
	if g == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range g.members {
		_ = write(m.stream, message{Type: "close", Group: id})
		m.stream.Close()
	}
	return true
}

// forget loses a group, as a process that was started anew: its streams end without a word.
func (h *hosted) forget(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.groups[id]; g != nil {
		for _, m := range g.members {
			m.stream.Reset()
		}
	}
	delete(h.groups, id)
}

func (h *hosted) keepAlive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.groups {
		for _, m := range g.members {
			if !m.ponged.IsZero() && time.Since(m.ponged) > silenceLimit {
				m.stream.Reset()
				continue
			}
			select {
			case m.queue <- message{Type: "ping", Group: g.id}:
			default:
			}
		}
	}
}
