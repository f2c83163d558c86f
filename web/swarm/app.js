document.body.append('swarm');
